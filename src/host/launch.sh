#!/bin/sh
# launch.sh JOB: start the job's executor, or start it again; return once it lives or has its verdict.
# Under systemd in a unit of its own that is restarted when it dies, else in a session of its own with a watchdog.
set -u
JOB=$1
# shellcheck source=common.sh
. "$JOB/programs/common.sh"
# shellcheck source=journal.sh
. "$JOB/programs/journal.sh"

executor_lives() {
  read -r lives_pid lives_start 2>/dev/null <"$JOB/executor" && is_alive "$lives_pid" "$lives_start"
}

executor_lives && exit 0
journal_has verdict && exit 0
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  systemd-run --quiet --collect --unit="jupyterhub-upgrade-${JOB##*/}" \
    -p Restart=on-failure -p RestartSec=1 -p StartLimitIntervalSec=600 -p StartLimitBurst=20 -p KillMode=control-group \
    /bin/sh "$JOB/programs/executor.sh" run "$JOB" || exit 1
else
  setsid /bin/sh "$JOB/programs/executor.sh" watch "$JOB" </dev/null >/dev/null 2>&1 &
fi
tries=0
until executor_lives || journal_has verdict; do
  [ "$tries" -lt 200 ] || die "the executor of $JOB did not start"
  tries=$((tries + 1))
  sleep 0.05
done
