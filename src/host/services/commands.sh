# shellcheck shell=sh
# The hub is started and stopped by the user's own commands (STOP_COMMAND, START_COMMAND). Sourced by executor.sh.
# Nothing here can keep somebody else from starting the hub meanwhile, which the plan says; but it is seen.

service_fence() { :; }
service_unfence() { :; }
service_forget_fence() { :; }

# The hub's own process: its user, its working directory.
hub_pid() {
  hub_pids | while read -r hub_pid_candidate; do
    [ "$(stat -c %u "/proc/$hub_pid_candidate" 2>/dev/null)" = "$HUB_UID" ] || continue
    [ "$(readlink "/proc/$hub_pid_candidate/cwd")" = "$HUB_DIRECTORY" ] || continue
    printf '%s\n' "$hub_pid_candidate"
  done | head -n 1
}

service_stop() {
  [ -n "$(hub_pid)" ] || return 0
  (cd "$HUB_DIRECTORY" && exec /bin/sh -c "$STOP_COMMAND") || say "stop-command answered $?"
  service_stop_deadline=$(($(now) + LIMIT_STOP * 100))
  while service_stop_pid=$(hub_pid) && [ -n "$service_stop_pid" ]; do
    if [ "$(now)" -gt "$service_stop_deadline" ]; then
      say "the hub (pid $service_stop_pid) still runs after stop-command"
      return 1
    fi
    sleep 0.1
  done
}

service_stays_down() {
  service_up_pid=$(hub_pid)
  [ -n "$service_up_pid" ] || return 0
  say "somebody started the hub (pid $service_up_pid) while it is upgraded"
  return 1
}

# The started hub must outlive this job: a session of its own, and a scope of its own where systemd would end everything
# in the job's unit. It gets nothing of what this job set for itself. As with systemctl, a hub that runs is started.
service_start() {
  [ -z "$(hub_pid)" ] || return 0
  service_start_scope=''
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then service_start_scope='systemd-run --scope --collect --quiet'; fi
  # shellcheck disable=SC2086 # words of ours
  (unset LC_ALL && umask 022 && cd "$HUB_DIRECTORY" && exec $service_start_scope setsid /bin/sh -c "$START_COMMAND") \
    </dev/null >>"$JOB/start.log" 2>&1
}

service_instance() {
  service_instance_pid=$(hub_pid)
  [ -z "$service_instance_pid" ] || printf 'pid %s, started %s\n' "$service_instance_pid" "$(start_time "$service_instance_pid")"
}

service_log() { tail -n 40 "$JOB/start.log" 2>/dev/null; }
