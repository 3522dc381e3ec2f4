#!/bin/sh
# prove.sh PHASE_DIRECTORY: a backup came back from the artifact; restore its database (payload/database) into scratch and
# print where that was and its digest. Scratch is private to the hub's user, and gone afterwards.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"

reach_database "$1" || die 'the way to the database could not be found out'
# The directory stays ours, its file becomes that of the hub's user.
chmod 711 "$1/payload" && chown "$HUB_UID:$HUB_GID" "$1/payload/database" || exit 1
hubdb prove "$DATABASE" "$1/payload/database"
