# shellcheck shell=sh
# Which manager owns the hub's environment (ENVIRONMENT_PATH), and which tools are there. Sourced by discover.sh; reads only.

# A tool is run as the owner of the environment: nobody but that owner and root may have written it.
is_trusted() {
  case $1 in /*) ;; *) return 1 ;; esac
  [ -f "$1" ] && [ -x "$1" ] || return 1
  case $(stat -L -c '%u %A' "$1") in
    "0 "?????w* | "0 "????????w* | "$ENVIRONMENT_UID "?????w* | "$ENVIRONMENT_UID "????????w*) return 1 ;;
    "0 "* | "$ENVIRONMENT_UID "*) return 0 ;;
    *) return 1 ;;
  esac
}

# first_tool CANDIDATE...: the first of them that can be run.
first_tool() {
  for first_tool do
    if is_trusted "$first_tool"; then
      printf '%s\n' "$first_tool"
      return 0
    fi
  done
  return 1
}

# environment_kind: venv, uv (a virtual environment that uv made), conda, or none of them.
environment_kind() {
  if [ -f "$ENVIRONMENT_PATH/pyvenv.cfg" ]; then
    if grep -q '^uv *=' "$ENVIRONMENT_PATH/pyvenv.cfg"; then echo uv; else echo venv; fi
  elif [ -f "$ENVIRONMENT_PATH/conda-meta/history" ]; then
    echo conda
  else
    echo none
  fi
}

# is_roots PATH: nobody but root can put something else there.
is_roots() {
  roots_path=$1
  while :; do
    case $(stat -c '%u %A' "$roots_path" 2>/dev/null) in
      "0 "?????w* | "0 "????????w*) return 1 ;;
      "0 "*) ;;
      *) return 1 ;;
    esac
    [ "$roots_path" != / ] || return 0
    roots_path=${roots_path%/*}
    [ -n "$roots_path" ] || roots_path=/
  done
}

# are_roots_packages PYTHON: nobody but root, and a group that it trusts, can put a package where that looks for those of all.
are_roots_packages() {
  "$1" -I -S -c 'import site; print("\n".join(site.getsitepackages()))' | while IFS= read -r roots_packages; do
    [ -e "$roots_packages" ] || continue
    case $(stat -L -c '%u %A' "$roots_packages") in "0 "????????w*) exit 1 ;; "0 "*) ;; *) exit 1 ;; esac
  done
}

# find_place: where pip put a hub that is outside of any environment. Sets PLACE (user or system), ENVIRONMENT_PATH, HUB_PYTHON and
# HUB_BIN; none of them where that cannot be told. The hub's user says whether it is theirs. What is root's, an interpreter of
# root's says, which is asked as who we are.
find_place() {
  place_python=$(value python.executable)
  # A configuration that does not load says nothing.
  # shellcheck disable=SC2154 # set by discover.sh
  place_python=$(readlink -f "${place_python:-$interpreter}")
  place_told=$(as_hub "$interpreter" "$PROGRAMS/packages.py" place 2>/dev/null) || return 0
  place_kind=$(printf '%s\n' "$place_told" | sed -n 1p)
  if [ "$place_kind" = system ]; then
    is_roots "$place_python" && are_roots_packages "$place_python" || return 0
    place_told=$(env -i PATH="$PATH" PYTHONNOUSERSITE=1 "$place_python" "$PROGRAMS/packages.py" place 2>/dev/null) || return 0
  fi
  place_path=$(printf '%s\n' "$place_told" | sed -n 2p)
  if [ "$place_kind" = user ] && [ "$(stat -c %u "$place_path")" != "$HUB_UID" ]; then return 0; fi
  # shellcheck disable=SC2034 # for discover.sh
  PLACE=$place_kind
  ENVIRONMENT_PATH=$place_path
  HUB_PYTHON=$place_python
  # shellcheck disable=SC2034 # likewise
  HUB_BIN=$(printf '%s\n' "$place_told" | sed -n 3p)
}

find_uv() {
  find_home=$(home_of "$ENVIRONMENT_UID")
  first_tool "$ENVIRONMENT_PATH/bin/uv" "$(command -v uv)" "$find_home/.local/bin/uv" "$find_home/.cargo/bin/uv"
}

# find_conda NAME: the tool that made the environment last, if that is its name; else where that tool is by convention.
find_conda() {
  find_root=${ENVIRONMENT_PATH%/envs/*}
  set -- "$1" "$find_root/bin/$1" "$find_root/condabin/$1" "/opt/conda/bin/$1" "/opt/miniforge3/bin/$1" "/opt/miniconda3/bin/$1" \
    "$(command -v "$1")"
  find_maker=$(sed -n 's/^# cmd: \([^ ]*\) .*/\1/p' "$ENVIRONMENT_PATH/conda-meta/history" | grep "/$1\$" | tail -n 1)
  shift
  first_tool "$find_maker" "$@"
}

# What conda itself would not say, or not in time.
conda_facts() {
  fact conda-packages "$(conda_packages)"
  fact conda-interrupted "$(find "$ENVIRONMENT_PATH" -name '*.c~' -print 2>/dev/null | head -n 1)"
  [ ! -e "$ENVIRONMENT_PATH/conda-meta/frozen" ] || fact conda-frozen yes
  fact conda-pinned "$(cat "$ENVIRONMENT_PATH/conda-meta/pinned" 2>/dev/null)"
}

# detect_manager: sets PACKAGE_MANAGER where the input leaves it open (auto), and PACKAGE_TOOL, which is empty where there is none.
detect_manager() {
  has_pip=no
  detect_pip=$(as_owner "$HUB_PYTHON" -m pip --version 2>/dev/null)
  [ -z "$detect_pip" ] || has_pip=yes
  detect_uv=$(find_uv)
  # A broken environment is made anew, as the backup says; a pip of its own comes with that.
  # shellcheck disable=SC2154 # set by discover.sh
  if [ "$is_broken" = yes ] && [ -n "$KNOWN_MANAGER" ]; then
    has_pip=yes
    [ "$PACKAGE_MANAGER" != auto ] || PACKAGE_MANAGER=$KNOWN_MANAGER
  fi
  if [ "$PACKAGE_MANAGER" = auto ]; then
    PACKAGE_MANAGER=pip
    # shellcheck disable=SC2154 # set by discover.sh
    case $kind in
      conda) [ -z "$(conda_packages)" ] || PACKAGE_MANAGER=conda ;;
      uv) [ "$has_pip" = yes ] && [ -z "$detect_uv" ] || PACKAGE_MANAGER=uv ;;
      venv) [ "$has_pip" = yes ] || PACKAGE_MANAGER=uv ;;
    esac
  fi
  case $PACKAGE_MANAGER in
    pip)
      PACKAGE_TOOL=''
      [ "$has_pip" = no ] || PACKAGE_TOOL="$HUB_PYTHON -m pip"
      ;;
    uv) PACKAGE_TOOL=$detect_uv ;;
    conda)
      PACKAGE_TOOL=$(find_conda conda)
      [ -n "$PACKAGE_TOOL" ] || for detect_other in mamba micromamba; do
        fact "tool-$detect_other" "$(find_conda "$detect_other")"
      done
      ;;
  esac
}

conda_packages() {
  (cd "$ENVIRONMENT_PATH/conda-meta" && ls -d jupyterhub-[0-9]*.json jupyterhub-base-[0-9]*.json 2>/dev/null)
}

# proxy_facts: of the proxy that the hub starts: its package, its owner and that of the directory around it, node, and the npm
# that its owner may trust. What is root's must be out of everybody's reach: npm would run and write there as root.
proxy_facts() {
  proxy_package=$(value proxy.package)
  [ -d "$proxy_package" ] || return 0
  proxy_package=$(readlink -f "$proxy_package")
  grep -q '"name": *"configurable-http-proxy"' "$proxy_package/package.json" 2>/dev/null || return 0
  fact proxy-package "$proxy_package"
  fact proxy-owner "$(stat -c '%u %g' "$proxy_package")"
  fact proxy-parent-owner "$(stat -c '%u %g' "${proxy_package%/*}")"
  fact proxy-of-conda "$(ls "$ENVIRONMENT_PATH"/conda-meta/configurable-http-proxy-[0-9]*.json 2>/dev/null)"
  # From here on for its owner.
  ENVIRONMENT_UID=$(stat -c %u "$proxy_package")
  # shellcheck disable=SC2034 # for as_owner
  ENVIRONMENT_GID=$(stat -c %g "$proxy_package")
  proxy_npm=$(first_tool "${proxy_package%/lib/node_modules/*}/bin/npm" "$(command -v npm)") || return 0
  if [ "$ENVIRONMENT_UID" = 0 ]; then
    proxy_node=$(PATH="${proxy_npm%/*}:$PATH" command -v node) || return 0
    for proxy_file in "$proxy_package" "$proxy_npm" "${proxy_npm%/*}" "$proxy_node"; do
      is_roots "$(readlink -f "$proxy_file")" || return 0
    done
  fi
  fact proxy-npm "$proxy_npm"
  if [ "$(id -u)" = 0 ] || [ "$(id -u)" = "$ENVIRONMENT_UID" ]; then
    fact proxy-node "$(as_owner PATH="${proxy_npm%/*}:$PATH" node --version 2>/dev/null)"
  fi
}

# packages_version: of the manager that detect_manager found; it has asked pip already.
packages_version() {
  case $PACKAGE_MANAGER in
    pip) printf '%s\n' "$detect_pip" ;;
    *) [ -z "$PACKAGE_TOOL" ] || as_owner "$PACKAGE_TOOL" --version 2>/dev/null | head -n 1 ;;
  esac
}
