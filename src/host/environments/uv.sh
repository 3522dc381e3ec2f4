# shellcheck shell=sh
# uv (PACKAGE_TOOL), for an environment that may have no pip. Sourced; `at` and `live` are explained in environment.sh.

# shellcheck disable=SC2034 # for environment.sh
packages_list_option=--requirement

# Copies: a link into uv's cache would let whoever writes to a file of the environment write to those of all others.
packages_uv() {
  uv_where=$1
  shift
  at "$uv_where" UV_LINK_MODE=copy UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never "$PACKAGE_TOOL" pip "$@" \
    --python "$HUB_PYTHON"
}

packages_frozen() { packages_uv live freeze --quiet; }

# The newest version that the index has for this Python.
packages_versions() {
  packages_uv live install --dry-run --reinstall-package jupyterhub --no-deps jupyterhub 2>&1 | sed -n 's/^ [+~] jupyterhub==\([^ ]*\).*/\1/p'
}

# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, in uv's lines ` + name==version`.
packages_resolve() {
  shift
  for uv_name in $UPGRADED; do set -- "$@" --upgrade-package "$uv_name"; done
  packages_uv live install --dry-run "$@" 2>&1
}

# packages_install WHERE ARGUMENTS...
packages_install() {
  uv_install_where=$1
  shift
  packages_uv "$uv_install_where" install "$@"
}

# packages_fetch DIRECTORY ARGUMENTS...: into uv's own cache, by an installation that nobody uses.
packages_fetch() {
  uv_directory=$1
  shift
  packages_uv live install --target "$uv_directory/unused" "$@"
}

# packages_install_fetched WHERE DIRECTORY ARGUMENTS...: from uv's cache, or what came from the runner and nothing else.
packages_install_fetched() {
  uv_install_where=$1 uv_directory=$2
  shift 2
  [ "$PACKAGES_FROM" = host ] || set -- --no-config --no-index --find-links "$uv_directory" "$@"
  packages_uv "$uv_install_where" install --offline "$@"
}

packages_renew() {
  renew_uv=$(grep '^uv *=' "$ENVIRONMENT_PATH/pyvenv.cfg")
  at "$1" "$HUB_PYTHON" -m venv --clear --without-pip "$ENVIRONMENT_PATH" || return 1
  # uv knows its environments by this line.
  printf '%s\n' "$renew_uv" | at "$1" tee -a "$ENVIRONMENT_PATH/pyvenv.cfg"
}
