# shellcheck shell=sh
# The hub's environment, a directory (ENVIRONMENT_PATH, its real path), and its copies. Sourced before the manager that
# installs into it (environments/).
#
# Staged: a copy beside it is bind-mounted over the original path in a private mount namespace and upgraded there, so
# that every path in it is final and the live hub sees nothing; the downtime holds one exchange of two directories.
# In place: the packages are fetched beforehand and the copy is the way back.
# Either way, where the packages come from the runner (PACKAGES_FROM), they lie in the job's directory, and no index is asked.
#
# Outside of any environment (PLACE: system, or user for `pip install --user`) the directory of the packages stands for one,
# installed into in place. What packages have beside it, commands and pages, is kept by outside.py.
#
# HUB_PYTHON runs the hub, HUB_BIN has its commands: those of the environment, where there is one.
#
# A release that the migration goes through (HOPS) gets a copy of its own, made like the staged one. It never stands at the
# original path for anybody but the program that migrates.

environment_stage_path() { printf '%s.jupyterhub-upgrade-%s\n' "$ENVIRONMENT_PATH" "${1:-$JOB_ID}"; }

environment_hop_path() { printf '%s-by-way-of-%s\n' "$(environment_stage_path)" "$1"; }

# Which of the two directories is the copy: it carries this file, named for this job until tidy or undo removes it.
environment_mark() { printf '%s/.jupyterhub-upgrade-%s\n' "$1" "$JOB_ID"; }

as_parent_owner() { as_uid "$ENVIRONMENT_PARENT_UID" "$ENVIRONMENT_PARENT_GID" "$@"; }

# In isolation, where an environment keeps it from other packages.
environment_python() (
  cd / || exit 1
  case $PLACE in
    environment) as_owner "$HUB_PYTHON" -I "$@" ;;
    user) as_owner "$HUB_PYTHON" "$@" ;;
    system) as_owner PYTHONNOUSERSITE=1 "$HUB_PYTHON" "$@" ;;
  esac
)

environment_stage() {
  environment_fingerprint >"$JOB/fingerprint" || return 1
  environment_copy "$(environment_stage_path)" || return 1
  [ "${FRESH_ENVIRONMENT:-}" != yes ] || environment_renew || return 1
  as_owner touch "$(environment_mark "$(environment_stage_path)")" || return 1
  case $INSTALL in
    staged)
      say "installing JupyterHub $TARGET_VERSION into the copy"
      if [ "$PACKAGES_FROM" = runner ]; then
        with_wanted packages_install_fetched "$(environment_stage_path)" "$JOB/wheels" || return 1
      else
        with_wanted packages_install "$(environment_stage_path)" || return 1
      fi
      copy_is "$(environment_stage_path)" "$TARGET_VERSION" || return 1
      note_head "$(in_copy "$(environment_stage_path)" as_owner "$HUB_PYTHON" "$PROGRAMS/heads.py")" || return 1
      for hop in $HOPS; do environment_stage_hop "$hop" || return 1; done
      ;;
    in-place)
      if [ "$PACKAGES_FROM" = host ]; then
        say "fetching JupyterHub $TARGET_VERSION and what it needs"
        mkdir -p "$JOB/wheels" && chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$JOB/wheels" || return 1
        with_wanted packages_fetch "$JOB/wheels" || return 1
      fi
      [ "$PLACE" = environment ] || environment_python "$PROGRAMS/outside.py" save "$ENVIRONMENT_PATH" "$HUB_BIN" "$JOB/wheels" || return 1
      ;;
  esac
}

environment_stage_hop() {
  hop_copy=$(environment_hop_path "$1")
  environment_copy "$hop_copy" || return 1
  say "installing jupyterhub==$1, by way of which the database is migrated, into the copy"
  packages_install "$hop_copy" "jupyterhub==$1" || return 1
  copy_is "$hop_copy" "$1" || return 1
  hop_head=$(in_copy "$hop_copy" as_owner "$HUB_PYTHON" "$PROGRAMS/heads.py") || return 1
  [ -n "$hop_head" ] && note hop "$1 $hop_head"
}

environment_copy() {
  say "copying $ENVIRONMENT_PATH to $1"
  environment_make_directory "$1" && as_owner cp -a --reflink=auto "$ENVIRONMENT_PATH/." "$1/"
}

# copy_is COPY VERSION: asked as the hub's user, who will run it: what only the owner can read would fail after the stop.
copy_is() {
  copy_version=$(in_copy "$1" as_reader "$HUB_PYTHON" -c 'import jupyterhub.app; print(jupyterhub.__version__)') || return 1
  is_wanted_version "$copy_version" "$2"
}

# A broken environment (restore) is made anew where the copy stands, by what it was made by: the manager itself may be what
# is broken, or take half a package for a whole one.
environment_renew() {
  say "making $ENVIRONMENT_PATH anew in the copy"
  packages_renew "$(environment_stage_path)" >&2
}

# with_wanted COMMAND...: the command with what is to be installed: the packages of the plan, or (restore) the whole list
# that a backup recorded, or (require-hashes) the list with digests.
with_wanted() {
  if [ -e "$JOB/payload/requirements" ]; then
    # shellcheck disable=SC2154 # of the manager
    "$@" "$packages_list_option" "$JOB/payload/requirements"
  elif [ "$REQUIRE_HASHES" = yes ]; then
    constraints_file "$JOB/constraints" && "$@" --require-hashes --requirement "$JOB/constraints"
  else
    # shellcheck disable=SC2086 # words without blanks, see the grammar of inputs
    (set -f && "$@" $EXACTLY $REQUIREMENTS)
  fi
}

environment_make_directory() {
  [ -d "$1" ] && return 0
  as_parent_owner mkdir "$1" || return 1
  [ "$ENVIRONMENT_PARENT_UID" = "$ENVIRONMENT_UID" ] || chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$1" || return 1
  as_owner chmod "$(stat -c %a "$ENVIRONMENT_PATH")" "$1"
}

# constraints_file FILE: what the input constraints says, for the owner to read: its text, or that of a file of the owner's.
constraints_file() {
  if [ -n "$CONSTRAINTS_PATH" ]; then as_owner cat "$CONSTRAINTS_PATH"; else printf '%s\n' "$CONSTRAINTS"; fi >"$1" && chmod 644 "$1"
}

# at WHERE COMMAND...: as the environment's owner, in the environment that is `live` or where that copy stands in its place.
at() {
  at_where=$1
  shift
  if [ "$at_where" = live ]; then as_owner "$@"; else in_copy "$at_where" as_owner "$@"; fi
}

# in_copy COPY WHO COMMAND...: run where that copy stands at the original path, seen by this process only. WHO is as_owner,
# as_reader or as_hub: see in-copy.sh.
in_copy() { in_copy_by apart_from_mounts "$@"; }

# in_copy_by APART COPY WHO COMMAND...: likewise, in what namespaces the function APART runs a command in.
in_copy_by() (
  OWNER_HOME=$(home_of "$ENVIRONMENT_UID") HUB_NAMED=''
  in_copy_by_apart=$1
  shift
  # In a user namespace the caller is root by name only, and stays the owner of what it writes.
  if [ "$(id -u)" != 0 ]; then HUB_NAMED=$HUB_UID:$HUB_GID ENVIRONMENT_UID=0 ENVIRONMENT_GID=0; fi
  export OWNER_HOME ENVIRONMENT_PATH ENVIRONMENT_UID ENVIRONMENT_GID HUB_UID HUB_GID HUB_ENV HUB_DIRECTORY HUB_NAMED
  "$in_copy_by_apart" /bin/sh "$PROGRAMS/environments/in-copy.sh" "$@"
)

apart_from_mounts() {
  if [ "$(id -u)" = 0 ]; then exec unshare --mount --propagation private "$@"; fi
  exec unshare --user --map-root-user --mount --propagation private "$@"
}

# environment_in_hop RELEASE ARGS: the python of the environment of a hop, run as the hub runs.
environment_in_hop() {
  in_hop_copy=$(environment_hop_path "$1")
  shift
  in_copy "$in_hop_copy" as_hub "$HUB_PYTHON" "$@"
}

note_head() {
  [ -n "$1" ] && note head "$1"
}

environment_fingerprint() {
  environment_python "$PROGRAMS/environment.py" fingerprint "$ENVIRONMENT_PATH" \
    ${TEMPLATE_PATH:+--except "$TEMPLATE_PATH"} \
    ${TEMPLATE_PATH:+--except "$TEMPLATE_PATH.before-jupyterhub-upgrade"}
}

# An environment that somebody changed since it was copied would lose that change. A restore may leave it as it is.
environment_is_as_staged() {
  [ -e "$JOB/fingerprint" ] || return 0
  environment_fingerprint >"$JOB/fingerprint.now" || return 1
  cmp -s "$JOB/fingerprint" "$JOB/fingerprint.now" && return 0
  say "$ENVIRONMENT_PATH was changed while the upgrade was prepared: run the upgrade again"
  return 1
}

environment_switch() { environment_exchange; }

# Installs what was fetched only: nothing is resolved or downloaded while the hub is down.
environment_install() {
  with_wanted packages_install_fetched live "$JOB/wheels" || return 1
  install_version=$(environment_python -c 'import jupyterhub; print(jupyterhub.__version__)') || return 1
  is_wanted_version "$install_version" "$TARGET_VERSION" || return 1
  note_head "$(environment_python "$PROGRAMS/heads.py")"
}

is_wanted_version() {
  [ "$1" = "$2" ] && return 0
  say "$PACKAGE_MANAGER installed JupyterHub $1, not $2"
  return 1
}

# Back to the directory that was live: staged, when the marked copy is the live one; in place, when it is not.
environment_switch_back() {
  stage=$(environment_stage_path)
  if [ "$PLACE" != environment ] && [ -e "$JOB/wheels/outside/paths" ]; then
    environment_python "$PROGRAMS/outside.py" put-back "$JOB/wheels" || return 1
  fi
  mend_exchange as_parent_owner "$ENVIRONMENT_PATH" "$stage" || return 1
  if [ "$INSTALL" = staged ]; then
    [ -e "$(environment_mark "$ENVIRONMENT_PATH")" ] || return 0
  else
    [ -e "$(environment_mark "$stage")" ] || return 0
  fi
  environment_exchange
}

environment_exchange() { exchange as_parent_owner "$ENVIRONMENT_PATH" "$(environment_stage_path)"; }

# exchange WHO LIVE STAGE: one atomic exchange where the kernel and the file system can, else two renames, whose gap
# mend_exchange closes.
exchange() {
  if [ -x /usr/bin/python3 ] && "$1" /usr/bin/python3 -I "$PROGRAMS/environment.py" exchange "$2" "$3" >/dev/null 2>&1; then
    :
  else
    "$1" mv -T "$2" "$3.out" || return 1
    "$1" mv -T "$3" "$2" || return 1
    "$1" mv -T "$3.out" "$3" || return 1
  fi
  "$1" sync "${2%/*}" 2>/dev/null || sync
}

# mend_exchange WHO LIVE STAGE: an exchange by renames that was cut: whichever name is missing gets its directory. Then a
# mark in one of them decides.
mend_exchange() {
  [ -e "$3.out" ] || return 0
  if [ ! -e "$2" ]; then
    "$1" mv -T "$3.out" "$2"
  elif [ ! -e "$3" ]; then
    "$1" mv -T "$3.out" "$3"
  fi
}

environment_discard_stage() {
  environment_unmark
  environment_discard_hops
  environment_remove_kept "$JOB_ID"
}

environment_discard_hops() {
  for discard_hop in $HOPS; do environment_remove "$(environment_hop_path "$discard_hop")"; done
}

environment_unmark() { as_owner rm -f "$(environment_mark "$ENVIRONMENT_PATH")"; }

# What a committed job leaves as the way back by hand.
environment_kept() {
  [ -d "$(environment_stage_path)" ] || return 0
  case $PLACE in
    environment) printf 'the environment of before in %s\n' "$(environment_stage_path)" ;;
    *) printf 'the packages of before, without their commands and pages, in %s\n' "$(environment_stage_path)" ;;
  esac
}

environment_remove_kept() { environment_remove "$(environment_stage_path "$1")"; }

environment_remove() {
  [ -d "$1" ] || return 0
  as_owner find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
  as_parent_owner rmdir "$1"
}
