# shellcheck shell=sh
# conda (PACKAGE_TOOL). Sourced; `at` and `live` are explained in environment.sh. `conda install`, never `update`: an update
# that a pin or another package holds back ends well and changes nothing.

# shellcheck disable=SC2034 # for environment.sh
packages_list_option=--file

packages_conda() {
  conda_where=$1 conda_verb=$2
  shift 2
  for conda_channel in $CHANNELS; do set -- -c "$conda_channel" "$@"; done
  at "$conda_where" "$PACKAGE_TOOL" "$conda_verb" "$@"
}

# The URL of each package, with its sum. Those that pip installed are not among them.
packages_frozen() { at live "$PACKAGE_TOOL" list -p "$ENVIRONMENT_PATH" --explicit --md5; }

# The versions that the channels have, with commas.
packages_versions() {
  packages_conda live search --json jupyterhub | sed -n 's/^ *"version": "\([^"]*\)".*/\1/p' | sort -u | paste -sd ,
}

# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, in conda's JSON, with status 1 for what it refuses.
packages_resolve() {
  shift
  packages_conda live install -p "$ENVIRONMENT_PATH" --dry-run --json "$@"
}

# packages_install WHERE ARGUMENTS...
packages_install() {
  conda_install_where=$1
  shift
  packages_conda "$conda_install_where" install -y -q -p "$ENVIRONMENT_PATH" "$@"
}

# packages_fetch DIRECTORY ARGUMENTS...: into conda's own cache.
packages_fetch() {
  shift
  packages_conda live install -y -q -p "$ENVIRONMENT_PATH" --download-only "$@"
}

# packages_install_fetched WHERE DIRECTORY ARGUMENTS...
packages_install_fetched() {
  shift 2
  packages_conda live install -y -q -p "$ENVIRONMENT_PATH" --offline "$@"
}

packages_renew() {
  say 'a broken conda environment cannot be made anew'
  return 1
}
