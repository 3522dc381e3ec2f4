#!/bin/sh
# prove.sh PHASE_DIRECTORY: a backup came back from the artifact; restore its database (payload/database) into a scratch
# file and print that file's digest. Scratch lies on the database's own disk, private to the hub's user.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"

as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }
scratch=$(as_hub_user mktemp -d "${DATABASE_PATH%/*}/.jupyterhub-upgrade-proof.XXXXXX") || die 'no scratch directory can be made'
printf '%s %s %s\n' "$HUB_UID" "$HUB_GID" "$scratch" >"$1/scratch"
remove_scratch() { as_hub_user rm -rf "$scratch"; }
trap remove_scratch EXIT
trap 'exit 1' HUP INT TERM
# Root opens the payload, the hub's user writes the scratch file.
# shellcheck disable=SC2016 # for the inner shell
as_hub_user sh -c 'umask 077; cat >"$1"' sh "$scratch/jupyterhub.sqlite" <"$1/payload/database" || die 'the scratch file could not be written'
as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/hubdb" digest "$scratch/jupyterhub.sqlite"
