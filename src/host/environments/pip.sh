# shellcheck shell=sh
# pip, of the environment itself. Sourced; `at` and `live` are explained in environment.sh, as_owner in common.sh.

# shellcheck disable=SC2034 # for environment.sh
packages_list_option=--requirement

PIP_MANNERS='PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1'
# Outside of an environment pip is told which place is meant. A distribution may mark both as its own: the plan refuses to
# change what the distribution installed.
case $PLACE in
  user) PIP_MANNERS="$PIP_MANNERS PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1" ;;
  system) PIP_MANNERS="$PIP_MANNERS PYTHONNOUSERSITE=1 PIP_USER=0 PIP_BREAK_SYSTEM_PACKAGES=1" ;;
esac

packages_pip() {
  pip_where=$1
  shift
  # shellcheck disable=SC2086 # words
  at "$pip_where" $PIP_MANNERS "$HUB_PYTHON" -m pip "$@"
}

# The exact list of what is installed, from which the environment can be made again.
packages_frozen() {
  # Less what the distribution has elsewhere, which comes and goes with it.
  if [ "$PLACE" = system ]; then packages_pip live freeze --path "$ENVIRONMENT_PATH"; else packages_pip live freeze; fi
}

# The versions that the index has for this Python, with commas. `pip index` is younger than some hubs' pip.
packages_versions() {
  packages_pip live install --no-deps 'jupyterhub==0.0.0' 2>&1 | sed -n 's/.*(from versions: \(.*\)).*/\1/p'
}

# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, as JSON, by a pip that can tell. An older one
# fetches a newer one into DIRECTORY, where it is run as the file it is. Status 3: there is none for this Python.
packages_resolve() {
  pip_directory=$1
  shift
  set -- install --dry-run --progress-bar off --upgrade --report "$pip_directory/report" "$@"
  if packages_pip live install --help | grep -q -e --report; then
    set -- -m pip "$@"
  else
    packages_pip live download --quiet --no-deps --dest "$pip_directory" 'pip>=22.2' >&2 || return 3
    for pip_wheel in "$pip_directory"/pip-*.whl; do set -- "$pip_wheel/pip" "$@"; done
  fi
  # shellcheck disable=SC2086 # words
  as_owner $PIP_MANNERS "$HUB_PYTHON" "$@" >&2 &&
    environment_python "$PROGRAMS/packages.py" report "$pip_directory/report"
}

# packages_install WHERE ARGUMENTS...
packages_install() {
  pip_install_where=$1
  shift
  packages_pip "$pip_install_where" install --progress-bar off --upgrade "$@"
}

# packages_fetch DIRECTORY ARGUMENTS...: as wheels where it has to be known beforehand what they write.
packages_fetch() {
  pip_wheels=$1
  shift
  case $PLACE in
    environment) packages_pip live download --progress-bar off --dest "$pip_wheels" "$@" ;;
    *)
      # What is built here has another digest than its source, so it could not be installed.
      [ "$REQUIRE_HASHES" != yes ] || set -- --only-binary :all: "$@"
      packages_pip live wheel --progress-bar off --wheel-dir "$pip_wheels" "$@"
      ;;
  esac
}

# packages_install_fetched WHERE DIRECTORY ARGUMENTS...: what came from the runner, wherever else the host is configured to look.
packages_install_fetched() {
  pip_install_where=$1 pip_wheels=$2
  shift 2
  [ "$PACKAGES_FROM" = host ] || PIP_MANNERS="$PIP_MANNERS PIP_CONFIG_FILE=/dev/null"
  packages_pip "$pip_install_where" install --progress-bar off --no-index --find-links "$pip_wheels" --upgrade "$@"
}

packages_renew() {
  renew_packages=''
  grep -qi '^include-system-site-packages *= *true' "$ENVIRONMENT_PATH/pyvenv.cfg" && renew_packages=--system-site-packages
  at "$1" "$HUB_PYTHON" -m venv --clear ${renew_packages:+"$renew_packages"} "$ENVIRONMENT_PATH"
}
