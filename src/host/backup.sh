#!/bin/sh
# backup.sh PHASE_DIRECTORY: a consistent copy of the live hub as one tar on stdout: manifest.json first, then what it
# lists. Runs beside the hub, which notices nothing; a backup during somebody else's upgrade is refused.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"

as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }

# Within an upgrade the job's executor holds the lock already.
if [ "$HAS_JOB" != yes ]; then
  exec 9<"$HUB_DIRECTORY" || exit 1
  flock -n -s 9 || die 'another run of jupyterhub-upgrade holds this hub'
fi
# On the database's own disk and as the hub's user: the copy is as private as the original.
copy=$(as_hub_user mktemp -d "${DATABASE_PATH%/*}/.jupyterhub-upgrade-backup.XXXXXX") ||
  die "no directory for the copy can be made beside $DATABASE_PATH"
printf '%s %s %s\n' "$HUB_UID" "$HUB_GID" "$copy" >"$1/scratch"
remove_copy() { as_hub_user rm -rf "$copy"; }
trap remove_copy EXIT
trap 'exit 1' HUP INT TERM

say 'copying the database'
as_hub_user mkdir "$copy/database" || exit 1
as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/hubdb" backup "$DATABASE_PATH" \
  "$copy/database/jupyterhub.sqlite" >"$1/digest" || die 'the database could not be copied'

say 'collecting configuration, environment and service definition'
mkdir "$1/handed" || exit 1
as_owner "$ENVIRONMENT_PATH/bin/python" -m pip freeze --disable-pip-version-check >"$1/handed/requirements.txt" 2>/dev/null ||
  die 'pip freeze failed in the environment of the hub'
if [ "$SERVICE_MANAGER" = systemd ]; then
  systemctl cat "$UNIT" >"$1/handed/unit.txt" 2>/dev/null || rm -f "$1/handed/unit.txt"
  # An EnvironmentFile is root's, and so is the unit that names it; its values are in the hub's environment anyway.
  number=0
  printf '%s\n' "$ENVIRONMENT_FILES" | while IFS= read -r file; do
    number=$((number + 1))
    [ ! -f "$file" ] || cat "$file" >"$1/handed/environment-$number"
  done
fi
chmod 700 "$1/handed" && chown -R "$HUB_UID:$HUB_GID" "$1/handed" || exit 1
{
  printf '%s\n' "$ORDER"
  cat "$1/digest"
} | as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/bundle.py" "$copy" "$1/handed" ||
  die 'the backup could not be put together'
