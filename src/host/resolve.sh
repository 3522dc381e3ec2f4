#!/bin/sh
# resolve.sh PHASE_DIRECTORY: what the upgrade would change in the hub's environment, asked of its package manager. Changes
# nothing. Prints facts: `status` (0; 3 for a manager that cannot tell; else it refuses), `resolved`, `log`.
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
private=$1/private
mkdir "$private" "$private/own" || die 'no temporary directory can be made'
chmod 711 "$private"
# shellcheck disable=SC2031 # a parameter
chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$private/own" || die 'no temporary directory can be made'

set --
status=0
if [ -n "$CONSTRAINTS$CONSTRAINTS_PATH" ]; then
  constraints_file "$private/constraints" 2>"$private/log" || status=2
  if [ "$REQUIRE_HASHES" = yes ]; then set -- --require-hashes --requirement; else set -- --constraint; fi
  set -- "$@" "$private/constraints"
fi
set -f
# shellcheck disable=SC2086 # words without blanks, see the grammar of inputs
[ "$REQUIRE_HASHES" = yes ] || set -- "$@" $REQUIREMENTS
set +f
if [ "$status" = 0 ]; then
  packages_resolve "$private/own" "$@" >"$private/resolved" 2>"$private/log"
  status=$?
fi
fact status "$status"
[ ! -e "$private/resolved" ] || fact resolved "$(cat "$private/resolved")"
fact log "$(tail -c 16000 "$private/log")"
