#!/bin/sh
# as-hub.sh ENVIRONMENT_FILE DIRECTORY COMMAND...: run as the hub runs. Already the hub's user when this starts.
set -eu
environment=$1
directory=$2
shift 2
if [ -n "$environment" ]; then
  # shellcheck source=/dev/null
  . "$environment"
fi
cd "$directory"
exec "$@"
