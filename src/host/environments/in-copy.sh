#!/bin/sh
# in-copy.sh COPY WHO PYTHON_ARGS...: in a mount namespace of its own, put a copy of the environment over its original path
# and run the environment's python there. WHO is as_owner or as_hub of common.sh, whose variables the caller exported, or
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
set -- "$ENVIRONMENT_PATH/bin/python" "$@"
if [ "$who" = as_reader ] && [ -z "$HUB_NAMED" ]; then
  ENVIRONMENT_UID=$HUB_UID
  ENVIRONMENT_GID=$HUB_GID
fi
if [ "$who" != as_hub ]; then
  as_owner PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "$@"
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
