#!/bin/sh
# launch.sh JOB: start the job's executor, or start it again; return once it lives or has its verdict.
# Under systemd in a unit of its own that is restarted when it dies and at every boot, else in a session of its own with
# a watchdog.
set -u
JOB=$1
# shellcheck source=common.sh
. "$JOB/programs/common.sh"
# shellcheck source=journal.sh
. "$JOB/programs/journal.sh"
# shellcheck source=unit.sh
. "$JOB/programs/unit.sh"
# shellcheck source=/dev/null
. "$JOB/parameters"

executor_lives() {
  read -r lives_pid lives_start 2>/dev/null <"$JOB/executor" && is_alive "$lives_pid" "$lives_start"
}

executor_lives && exit 0
journal_has verdict && exit 0
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  if [ ! -e "$(executor_unit_file)" ]; then enable_executor_unit || exit 1; fi
  systemctl reset-failed "$(executor_unit)" 2>/dev/null
  systemctl start "$(executor_unit)" || exit 1
else
  setsid /bin/sh "$JOB/programs/executor.sh" watch "$JOB" </dev/null >/dev/null 2>&1 &
fi
tries=0
until executor_lives || journal_has verdict; do
  [ "$tries" -lt 200 ] || die "the executor of $JOB did not start"
  tries=$((tries + 1))
  sleep 0.05
done
