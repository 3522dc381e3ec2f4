#!/bin/sh
# backup.sh PHASE_DIRECTORY: a consistent copy of the live hub as one tar on stdout: manifest.json first, then what it
# lists. Runs beside the hub, which notices nothing; a backup during somebody else's upgrade is refused.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"
# shellcheck source=environment.sh
. "$1/environment.sh"
# shellcheck source=environments/pip.sh
. "$1/environments/$PACKAGE_MANAGER.sh"

# Within an upgrade the job's executor holds the lock already.
if [ "$HAS_JOB" != yes ]; then
  exec 9<"$HUB_DIRECTORY" || exit 1
  flock -n -s 9 || die 'another run of jupyterhub-upgrade holds this hub'
fi
# As private as the original: the hub's user makes the copy, of a file on the file's own disk.
place=${DATABASE_PATH%/*}
if [ -z "$DATABASE_PATH" ]; then
  place=$STATE_ROOT/copies-$HUB_UID
  mkdir -p "$place" && chmod 711 "$STATE_ROOT" && chmod 700 "$place" && chown "$HUB_UID:$HUB_GID" "$place" || exit 1
fi
copy=$(as_hub_user mktemp -d "$place/.jupyterhub-upgrade-backup.XXXXXX") ||
  die "no directory for the copy can be made in $place"
printf '%s %s %s\n' "$HUB_UID" "$HUB_GID" "$copy" >"$1/scratch"
remove_copy() { as_hub_user rm -rf "$copy"; }
trap remove_copy EXIT
trap 'exit 1' HUP INT TERM

say 'copying the database'
reach_database "$1" || die 'the way to the database could not be found out'
hubdb backup "$DATABASE" "$copy/database" >"$1/copied" || die 'the database could not be copied'

say 'collecting configuration, environment and service definition'
mkdir "$1/handed" || exit 1
packages_frozen >"$1/handed/requirements.txt" 2>/dev/null || die "$PACKAGE_MANAGER cannot list what is installed in the environment of the hub"
if [ "$SERVICE_MANAGER" = systemd ]; then
  systemctl cat "$UNIT" >"$1/handed/unit.txt" 2>/dev/null || rm -f "$1/handed/unit.txt"
  # An EnvironmentFile is root's, and so is the unit that names it; its values are in the hub's environment anyway.
  number=0
  printf '%s\n' "$ENVIRONMENT_FILES" | while IFS= read -r file; do
    number=$((number + 1))
    [ ! -f "$file" ] || cat "$file" >"$1/handed/environment-$number"
  done
fi
# Written by the rehearsal in this run's job.
[ ! -f "$ACCESS_REPORT" ] || sed -n 2p "$ACCESS_REPORT" >"$1/handed/access.json" || exit 1
chmod 700 "$1/handed" && chown -R "$HUB_UID:$HUB_GID" "$1/handed" || exit 1
{
  printf '%s\n' "$ORDER"
  cat "$1/copied"
} | as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/bundle.py" "$copy" "$1/handed" ||
  die 'the backup could not be put together'
