#!/bin/sh
# in-copy.sh COPY WHO COMMAND...: in a mount namespace of its own, put a copy of the environment over its original path
# and run a command of it there. WHO is as_owner or as_hub of common.sh, whose variables the caller exported, or
# as_reader: as the hub's user, but with nothing of the hub's environment.
set -eu
PROGRAMS=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=../common.sh
. "$PROGRAMS/common.sh"
mount --bind "$1" "$ENVIRONMENT_PATH"
who=$2
shift 2
# A shell that stood in the original directory would still see it.
cd /
if [ "$who" = as_reader ] && [ -z "$HUB_NAMED" ]; then
  ENVIRONMENT_UID=$HUB_UID
  ENVIRONMENT_GID=$HUB_GID
fi
if [ "$who" != as_hub ]; then
  as_owner "$@"
elif [ -z "$HUB_NAMED" ]; then
  as_hub "$@"
else
  # Root by name only: under its own name again, by which a database server on this host may know it.
  set -- /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"
  if unshare --user --map-user="${HUB_NAMED%:*}" --map-group="${HUB_NAMED#*:}" true 2>/dev/null; then
    exec unshare --user --map-user="${HUB_NAMED%:*}" --map-group="${HUB_NAMED#*:}" "$@"
  fi
  exec "$@"
fi
