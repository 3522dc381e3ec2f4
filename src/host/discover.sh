#!/bin/sh
# discover.sh PHASE_DIRECTORY: what is to be known of the hub, without touching it. Prints one "<name> <base64>" a line;
# what could not be found out is absent. The environment of the hub's process is used and never printed.
# KNOWN_*: what a backup says of the hub that is to be restored, for what a hub that is down or broken cannot tell. Empty
# in all other modes.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"
# It goes with the phase, however that ends.
private=$1/private
mkdir "$private" || die 'no temporary directory can be made'
chmod 711 "$private"

clean_phases
fact uid "$(id -u)"
fact user "$(id -un)"
fact os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
missing=''
for tool in flock setsid tar base64 sha256sum timeout awk grep sed dd stat find readlink; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
fact missing-tools "$missing"

# Jobs without a verdict, and those of the run that made the backup: "<alive|dead|VERDICT> <directory> <owner>", then the
# unit, the configuration and the directory of their hub.
state_root=/var/lib/jupyterhub-upgrade
[ "$(id -u)" = 0 ] || state_root=$(home_of "$(id -u)")/.local/state/jupyterhub-upgrade
fact state-root "$state_root"
fact jobs "$(for journal in "$state_root"/*/jobs/*/journal; do
  [ -f "$journal" ] || continue
  job=${journal%/journal}
  owner=$(sed -n 's/^[0-9]* [0-9]* open - //p' "$journal" | head -n 1)
  life=$(sed -n 's/^[0-9]* [0-9]* verdict - //p' "$journal" | head -n 1)
  if [ -n "$life" ]; then
    [ "$owner" = "$KNOWN_RUN" ] || continue
    # A restore of that run says nothing of what became of its upgrade.
    ! grep -q '^STEPS=.*load' "$job/parameters" || continue
  elif read -r job_pid job_start <"$job/executor" && is_alive "$job_pid" "$job_start"; then
    life=alive
  else
    life=dead
  fi
  printf '%s %s %s\n' "$life" "$job" "$owner"
  # shellcheck source=/dev/null
  (. "$job/parameters" && printf '%s\n%s\n%s\n' "$UNIT" "$CONFIG_PATH" "$HUB_DIRECTORY")
done 2>/dev/null)"

# What jobs left: "<before|taken-back> <directory> <owner>", then the unit, the configuration and the directory of their
# hub, the release that was set aside, when, and where it is.
fact kept "$(for kept in "$state_root"/*/kept; do
  while read -r kept_kind kept_job; do
    job=${kept%/kept}/jobs/$kept_job
    if [ ! -f "$job/journal" ] || [ ! -f "$job/parameters" ]; then continue; fi
    printf '%s %s %s\n' "$kept_kind" "$job" "$(sed -n 's/^[0-9]* [0-9]* open - //p' "$job/journal" | head -n 1)"
    # shellcheck source=/dev/null
    (
      . "$job/parameters" && printf '%s\n%s\n%s\n' "$UNIT" "$CONFIG_PATH" "$HUB_DIRECTORY"
      if [ "$kept_kind" = before ]; then printf '%s\n' "$PREVIOUS_VERSION"; else printf '%s\n' "$TARGET_VERSION"; fi
    )
    date -u -r "$job/journal" '+%Y-%m-%d %H:%M UTC'
    sed -n 's/^[0-9]* [0-9]* note [a-z-]* kept\(-new-database\)\{0,1\} \(..*\)$/\2/p' "$job/journal" | paste -sd ';' -
  done <"$kept"
done 2>/dev/null)"

# --- the service: from systemd's own properties, or from the running process -------------------------------------------

unit_property() { systemctl show -p "$1" --value "$UNIT" 2>/dev/null; }

[ ! -d /run/systemd/system ] || fact has-systemd yes
manager=$SERVICE_MANAGER
if [ "$manager" = auto ]; then
  manager=none
  if [ -d /run/systemd/system ] && [ "$(unit_property LoadState)" = loaded ]; then manager=systemd; fi
fi
fact service-manager "$manager"

pid='' directory='' interpreter='' arguments='' user=''
if [ "$manager" = systemd ]; then
  fact unit-properties "$(systemctl show "$UNIT" -p LoadState,ActiveState,SubState,MainPID,NRestarts,Result,Restart,KillMode,User,Group,WorkingDirectory,FragmentPath,DropInPaths,UnitFileState,TimeoutStopUSec,Type,EnvironmentFiles)"
  pid=$(unit_property MainPID)
  [ "${pid:-0}" -gt 0 ] || pid=''
  # An ExecStart that is a wrapper: the hub is the process in the unit's control group.
  for candidate in $(hub_pids); do
    if grep -q "/$UNIT\$" "/proc/$candidate/cgroup" 2>/dev/null; then
      pid=$candidate
      break
    fi
  done
  user=$(unit_property User)
  directory=$(unit_property WorkingDirectory)
  arguments=$(systemctl show -p ExecStart "$UNIT" | sed -n 's/.*argv\[\]=\(.*\) ; ignore_errors=.*/\1/p' | head -n 1 | tr ' ' '\n')
else
  found=''
  for candidate in $(hub_pids); do
    candidate_directory=$(readlink "/proc/$candidate/cwd" 2>/dev/null) || continue
    if [ -n "$CONFIG_PATH" ]; then
      # The hub that was started with this configuration, or stands in its directory and was given none.
      tr '\0' '\n' <"/proc/$candidate/cmdline" | sed 's/^--config=//; s/^-f=//' | grep -qxF -e "$CONFIG_PATH" -e "${CONFIG_PATH#"$candidate_directory"/}" ||
        [ "$candidate_directory/jupyterhub_config.py" = "$CONFIG_PATH" ] || continue
    elif [ -n "$KNOWN_DIRECTORY" ]; then
      [ "$candidate_directory" = "$KNOWN_DIRECTORY" ] || continue
    fi
    found="$found $candidate"
  done
  # shellcheck disable=SC2086 # a list of pids
  set -- $found
  fact hubs "$(for candidate; do printf '%s %s\n' "$candidate" "$(readlink "/proc/$candidate/cwd")"; done)"
  [ "$#" -ne 1 ] || pid=$1
fi

if [ -n "$pid" ]; then
  fact pid "$pid"
  directory=$(readlink "/proc/$pid/cwd" 2>/dev/null)
  arguments=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null)
  HUB_UID=$(stat -c %u "/proc/$pid")
  HUB_GID=$(stat -c %g "/proc/$pid")
elif [ "$manager" = systemd ]; then
  HUB_UID=$(id -u "${user:-root}" 2>/dev/null)
  HUB_GID=$(id -g "${user:-root}" 2>/dev/null)
elif [ "$manager" = commands ] && [ -n "$KNOWN_USER" ] && [ -z "$found" ]; then
  directory=$KNOWN_DIRECTORY
  HUB_UID=$(id -u -- "$KNOWN_USER" 2>/dev/null)
  HUB_GID=$(id -g -- "$KNOWN_USER" 2>/dev/null)
fi
[ -n "${HUB_UID:-}" ] || exit 0
fact hub-uid "$HUB_UID"
fact hub-gid "$HUB_GID"
fact hub-user "$(id -un "$HUB_UID" 2>/dev/null)"
# Everything from here on is done as the hub's user.
[ "$(id -u)" = 0 ] || [ "$(id -u)" = "$HUB_UID" ] || exit 0
HUB_DIRECTORY=${directory:-/}
fact directory "$HUB_DIRECTORY"

# The interpreter: the first argument when it is a python, else the one beside the jupyterhub script.
first=$(printf '%s\n' "$arguments" | head -n 1)
case ${first##*/} in
  python*) interpreter=$first ;;
  jupyterhub)
    interpreter=${first%/*}/python
    # Outside of an environment it is not beside its commands.
    [ -x "$interpreter" ] || interpreter=$(sed -n '1s/^#! *\(\/[^ ]*\).*/\1/p' "$first")
    ;;
esac
[ -n "$interpreter" ] || interpreter=$KNOWN_PYTHON
[ -z "$ENVIRONMENT_PATH" ] || interpreter=$ENVIRONMENT_PATH/bin/python
[ -n "$interpreter" ] || exit 0

HUB_ENV=$private/hub.env
HUB_PID=$pid SERVICE_MANAGER=$manager
hub_environment "$HUB_ENV" "${interpreter%/*}" 2>/dev/null

# The hub's own arguments, behind the interpreter and the program; a configuration given as input takes its place.
printf '%s\n' "$arguments" | awk -v config="$CONFIG_PATH" '
  NR == 1 && /(^|\/)python[0-9.]*$/ { python = 1; next }
  python && /^-/ && !program { next }
  !program { program = 1; next }
  config != "" && skip { skip = 0; next }
  config != "" && /^(-f|--config)$/ { skip = 1; next }
  config != "" && /^(-f|--config)=/ { next }
  { print }' >"$private/arguments"
set --
while IFS= read -r argument; do set -- "$@" "$argument"; done <"$private/arguments"
config=$CONFIG_PATH
[ -n "$config$arguments" ] || config=$KNOWN_CONFIG
[ -z "$config" ] || set -- "$@" -f "$config"

: >"$private/database.json"
chown "$HUB_UID:$HUB_GID" "$private/database.json" 2>/dev/null
load_start=$(now)
as_hub "$interpreter" "$PROGRAMS/introspect.py" --database-file "$private/database.json" "$@" >"$private/introspect" 2>"$private/introspect.log"
fact load-centiseconds $(($(now) - load_start))
fact introspect "$(cat "$private/introspect")"
is_broken=no
if [ ! -s "$private/introspect" ]; then
  fact introspect-failed "$(tail -n 5 "$private/introspect.log")"
  # Whether it is the environment that is broken, or what the hub is configured with.
  code=$(as_hub "$interpreter" -c 'import jupyterhub.app; print(jupyterhub.__version__)' 2>/dev/null)
  fact code "$code"
  [ -n "$code" ] || is_broken=yes
  fact python "$(as_hub "$interpreter" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)"
fi

# value NAME: a string of introspect's flat or nested output, by the hub's own json.
value() {
  as_uid "$HUB_UID" "$HUB_GID" "$interpreter" -I -c '
import json, sys
found = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    found = found.get(key) if isinstance(found, dict) else None
sys.stdout.write(found if isinstance(found, str) else "")' "$1" <"$private/introspect" 2>/dev/null
}

# --- database ----------------------------------------------------------------------------------------------------------

environment=$(value python.prefix)
ENVIRONMENT_PATH=$(readlink -f "${ENVIRONMENT_PATH:-${environment:-${interpreter%/bin/*}}}")
HUB_PYTHON=$ENVIRONMENT_PATH/bin/python
HUB_BIN=$ENVIRONMENT_PATH/bin
PLACE=environment
# shellcheck source=environments/detect.sh
. "$PROGRAMS/environments/detect.sh"
kind=$(environment_kind)
[ "$kind" != none ] || find_place
# What a distribution installed, and nobody but the hub's user is to run what the hub names.
is_foreign=no
if [ "$kind" = none ] && [ "$PLACE" = environment ]; then is_foreign=yes HUB_PYTHON=$interpreter; fi
DATABASE_DIALECT=$(value database.dialect)
DATABASE=$(value database.path)
if [ ! -s "$private/introspect" ] && [ -n "$KNOWN_DATABASE" ]; then
  DATABASE_DIALECT=sqlite
  DATABASE=$KNOWN_DATABASE
fi
copies=$state_root copier=as_self
if [ "$DATABASE_DIALECT" = sqlite ]; then
  [ -z "$DATABASE" ] || DATABASE=$(as_hub_user readlink -f "$DATABASE")
  copies=${DATABASE%/*} copier=as_hub_user
elif [ -n "$DATABASE_DIALECT" ]; then
  DATABASE_DIALECT=server
  DATABASE=@$private/database.json
  if [ -n "$DATABASE_TOOLS" ] && as_hub_user test -d "$DATABASE_TOOLS"; then fact database-tools "$DATABASE_TOOLS"; fi
fi
if [ -n "$DATABASE" ]; then
  [ "$DATABASE_DIALECT" = server ] || fact database-path "$DATABASE"
  database_facts=$(hubdb facts ${CANARY_USER:+--user "$CANARY_USER"} "$DATABASE" 2>"$private/database.log")
  fact database-facts "$database_facts"
  fact database-log "$(tail -n 5 "$private/database.log")"
  [ "$DATABASE_DIALECT" != server ] || fact database-sessions "$(hubdb sessions "$DATABASE" 2>/dev/null)"
  # What only the database knows. A file is read in a moment.
  if [ "$DATABASE_STRATEGY" = fresh ] || [ "$DATABASE_DIALECT" = sqlite ]; then
    fact database-loss "$(hubdb loss "$DATABASE" "$private/database.json" 2>/dev/null)"
  fi
fi

# Others that hold what the new hub will need. The proxy that a hub leaves running is no child of it.
if [ -n "$pid" ] && [ -s "$private/introspect" ]; then
  database_file=$DATABASE
  [ "$DATABASE_DIALECT" != server ] || database_file=''
  # shellcheck disable=SC2046 # numbers
  fact neighbours "$(as_hub_user "$interpreter" -I "$PROGRAMS/neighbours.py" "$pid" "$database_file" $(value ports) 2>/dev/null)"
  fact other-hubs "$(for candidate in $(hub_pids); do
    [ "$candidate" = "$pid" ] || printf '%s %s\n' "$candidate" "$(readlink "/proc/$candidate/cwd")"
  done 2>/dev/null)"
fi

# --- environment -------------------------------------------------------------------------------------------------------

environment=$ENVIRONMENT_PATH
if [ -n "$environment" ] && [ -d "$environment" ]; then
  parent=${environment%/*}
  fact environment-path "$environment"
  fact environment-owner "$(stat -c '%u %g' "$environment")"
  fact environment-parent-owner "$(stat -c '%u %g %a' "${parent:-/}")"
  fact environment-kib "$(du -sk "$environment" 2>/dev/null | cut -f1)"
  fact environment-files "$(find "$environment" 2>/dev/null | wc -l)"
  ENVIRONMENT_UID=$(stat -c %u "$environment")
  ENVIRONMENT_GID=$(stat -c %g "$environment")
  fact environment-kind "$kind"
  fact environment-place "$PLACE"
  fact environment-bin "$HUB_BIN"
  [ "$kind" != conda ] || conda_facts
  [ "$is_foreign" = no ] || HUB_PYTHON=$environment/bin/python
  fact environment-python "$HUB_PYTHON"
  if [ "$is_foreign" = no ] && { [ "$(id -u)" = 0 ] || [ "$(id -u)" = "$ENVIRONMENT_UID" ]; }; then
    # shellcheck source=environment.sh
    . "$PROGRAMS/environment.sh"
    detect_manager
    fact package-manager "$PACKAGE_MANAGER"
    fact package-tool "$PACKAGE_TOOL"
    fact package-tool-version "$(packages_version)"
    fact packages "$(environment_python "$PROGRAMS/packages.py" installed 2>/dev/null)"
    as_owner test -w "$HUB_BIN" || fact environment-read-only yes
    # shellcheck source=environments/pip.sh
    . "$PROGRAMS/environments/$PACKAGE_MANAGER.sh"
    fact requirements "$(packages_frozen 2>/dev/null)"
    [ "$TARGET_VERSION" != latest ] || fact versions "$(packages_versions)"
  fi
fi
[ "$UPGRADE_PROXY" != yes ] || (proxy_facts)
# Users' servers that run from the hub's own environment: an exchange happens under their feet.
fact servers-from-environment "$(for server in $(printf '%s' "${database_facts:-}" | tr ',' '\n' | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'); do
  case $(tr '\0' '\n' <"/proc/$server/cmdline" | head -n 1) in "$environment"/*) printf '%s ' "$server" ;; esac
done 2>/dev/null)"
if [ "$(id -u)" = 0 ]; then
  unshare --mount --propagation private true 2>/dev/null && fact private-mount root
else
  unshare --user --map-root-user --mount --propagation private true 2>/dev/null && fact private-mount user
fi

# --- where an upgrade writes -------------------------------------------------------------------------------------------

as_self() { "$@"; }
as_parent_owner() { as_uid "$(stat -c %u "${environment%/*}/")" "$(stat -c %g "${environment%/*}/")" "$@"; }

# place NAME PATH WHO: the disk of a directory, or of the nearest that is there, and whether WHO may write to it.
place() {
  place_path=$2
  until [ -d "${place_path:-/}" ]; do place_path=${place_path%/*}; done
  place_path=${place_path:-/}
  place_writable=no
  if "$3" test -w "$place_path" 2>/dev/null; then place_writable=yes; fi
  place_quota=no
  awk -v at="$(stat -c %m "$place_path")" '{ gsub(/\\040/, " ", $2) } $2 == at && $4 ~ /(^|,)([ugp]|usr|grp|prj)?j?quota(,|=|$)/ { found = 1 }
    END { exit !found }' /proc/self/mounts && place_quota=yes
  place_files=$(df -Pi "$place_path" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }')
  printf '%s %s %s %s %s %s %s\n' "$1" "$(stat -c %d "$place_path")" "$(df -Pk "$place_path" | awk 'NR == 2 { print $4 }')" \
    "${place_files:--}" "$place_writable" "$place_quota" "$place_path"
}

fact places "$(
  [ -z "$environment" ] || place environment "${environment%/*}" as_parent_owner
  place database "$copies" "$copier"
  place state "$state_root" as_self
  place phases /var/tmp as_self
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then place units /etc/systemd/system as_self; fi
)"

# --- the notice on the hub's pages, other files ---------------------------------------------------------------------------

template=$(value page_template)
if [ -n "$template" ] && [ -f "$template" ]; then
  template=$(readlink -f "$template")
  fact template-path "$template"
  fact template-owner "$(stat -c '%u %g' "$template")"
  if grep -q '{%-\{0,1\} *block *announcement' "$template"; then fact template-block yes; fi
fi
