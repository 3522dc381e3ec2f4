# shellcheck shell=sh
# The package of configurable-http-proxy that the hub starts (PROXY_PACKAGE, a directory in some node_modules; empty unless it is
# to be upgraded), by the npm that stands beside its node (PROXY_NPM). Sourced by executor.sh.
#
# As with an environment: PROXY_VERSION is installed beside it while the hub runs, and the downtime holds one exchange of two
# directories. What is installed globally has all that it needs within its directory. A package that lies in the environment
# is installed into the copy of that, and comes and goes with it.

proxy_stage_path() { printf '%s/.jupyterhub-upgrade-%s\n' "${PROXY_PACKAGE%/*}" "$JOB_ID"; }

proxy_new() { printf '%s/lib/node_modules/configurable-http-proxy\n' "$(proxy_stage_path)"; }

# Which of the two directories is the new one.
proxy_mark() { printf '%s/.jupyterhub-upgrade-%s\n' "$1" "$JOB_ID"; }

proxy_is_inside() { case $PROXY_PACKAGE in "$ENVIRONMENT_PATH"/*) ;; *) return 1 ;; esac }

as_proxy_owner() (
  # shellcheck disable=SC2034 # for as_owner
  ENVIRONMENT_UID=$PROXY_UID ENVIRONMENT_GID=$PROXY_GID
  cd / && as_owner "$@"
)

# proxy_install PREFIX WHERE: globally, as npm calls it, below PREFIX. WHERE as in `at`.
proxy_install() {
  set -- "$2" PATH="${PROXY_NPM%/*}:$PATH" "$PROXY_NPM" install --global --ignore-scripts --no-audit --no-fund \
    --prefix "$1" "configurable-http-proxy@$PROXY_VERSION"
  if [ "$1" = live ]; then
    shift
    as_proxy_owner "$@" >&2
  else
    at "$@" >&2
  fi
}

# proxy_is PACKAGE: it is the version that was asked for.
proxy_is() {
  proxy_found=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$1/package.json" | head -n 1)
  [ "$proxy_found" = "$PROXY_VERSION" ] && return 0
  say "npm installed configurable-http-proxy $proxy_found, not $PROXY_VERSION"
  return 1
}

proxy_stage() {
  [ -n "${PROXY_PACKAGE:-}" ] || return 0
  say "installing configurable-http-proxy $PROXY_VERSION beside the running one"
  if proxy_is_inside; then
    proxy_install "${PROXY_PACKAGE%/lib/node_modules/*}" "$(environment_stage_path)" || return 1
    proxy_is "$(environment_stage_path)${PROXY_PACKAGE#"$ENVIRONMENT_PATH"}"
    return
  fi
  as_proxy_owner mkdir -p "$(proxy_stage_path)" && proxy_install "$(proxy_stage_path)" live || return 1
  proxy_is "$(proxy_new)" && as_proxy_owner touch "$(proxy_mark "$(proxy_new)")"
}

proxy_is_apart() { [ -n "${PROXY_PACKAGE:-}" ] && ! proxy_is_inside; }

proxy_switch() {
  proxy_is_apart || return 0
  exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)"
}

proxy_switch_back() {
  proxy_is_apart || return 0
  mend_exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)" || return 1
  [ -e "$(proxy_mark "$PROXY_PACKAGE")" ] || return 0
  exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)"
}

# What npm can put there again at any time is not kept.
proxy_discard() {
  proxy_is_apart || return 0
  as_proxy_owner rm -f "$(proxy_mark "$PROXY_PACKAGE")" && as_proxy_owner rm -rf "$(proxy_stage_path)"
}
