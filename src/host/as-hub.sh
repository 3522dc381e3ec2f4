#!/bin/sh
# as-hub.sh ENVIRONMENT_FILE DIRECTORY COMMAND...: run as the hub runs. Already the hub's user when this starts.
set -eu
environment=$1
directory=$2
shift 2
cd "$directory"
# Last: the hub's variables may have the names of ours.
if [ -n "$environment" ]; then
  # shellcheck source=/dev/null
  . "$environment"
fi
exec "$@"
