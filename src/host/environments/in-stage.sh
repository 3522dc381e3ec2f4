#!/bin/sh
# in-stage.sh STAGE ENVIRONMENT UID GID PYTHON_ARGS...: in a mount namespace of its own, put the copy over the original
# path and run the environment's python there as that user.
set -eu
PROGRAMS=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=../common.sh
. "$PROGRAMS/common.sh"
mount --bind "$1" "$2"
ENVIRONMENT_PATH=$2
ENVIRONMENT_UID=$3
ENVIRONMENT_GID=$4
shift 4
# A shell that stood in the original directory would still see it.
cd /
as_owner PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "$ENVIRONMENT_PATH/bin/python" "$@"
