#!/bin/sh
# signal.sh PHASE_DIRECTORY: tell the job something. SIGNAL is go, commit, abort, cancel (an
# abort, but not of a hub that its host has verified), launch (start a dead executor again) or walk-back (take up a way
# back that failed).
# Prints the decision as it stands afterwards: the first one wins, which may be somebody else's.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=journal.sh
. "$1/journal.sh"
# shellcheck source=/dev/null
. "$1/parameters"
[ -d "$JOB" ] || {
  say "there is no job $JOB on this host"
  exit 4
}
case $SIGNAL in
  go) : >"$JOB/go" ;;
  launch) sh "$JOB/programs/launch.sh" "$JOB" ;;
  walk-back)
    sed -i '/ verdict - rollback-failed$/d' "$JOB/journal" && flush "$JOB/journal" || exit 1
    sh "$JOB/programs/launch.sh" "$JOB"
    ;;
  cancel)
    journal_has 'done verify' || sh "$JOB/programs/executor.sh" decide "$JOB" abort "$REASON" >/dev/null
    ;;
  commit | abort) sh "$JOB/programs/executor.sh" decide "$JOB" "$SIGNAL" "$REASON" >/dev/null ;;
esac
cat "$JOB/decision" 2>/dev/null || :
