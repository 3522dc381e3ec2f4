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
  (cd "$HUB_DIRECTORY" && exec timeout -k 5 "$COMMAND_LIMIT" /bin/sh -c "$STOP_COMMAND")
  service_stop_status=$?
  case $service_stop_status in
    0) ;;
    124 | 137) say "stop-command did not return within $COMMAND_LIMIT s" ;;
    *) say "stop-command answered $service_stop_status" ;;
  esac
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

# On the way back no hub may stay that writes to the database, as systemd sees to for its units.
service_end() {
  service_stop && return 0
  for service_end_signal in TERM KILL; do
    service_end_pid=$(hub_pid)
    [ -n "$service_end_pid" ] || return 0
    say "the hub (pid $service_end_pid) is ended by SIG$service_end_signal"
    kill -s "$service_end_signal" "$service_end_pid" 2>/dev/null
    service_end_deadline=$(($(now) + 3000))
    while [ -n "$(hub_pid)" ] && [ "$(now)" -lt "$service_end_deadline" ]; do sleep 0.1; done
  done
  [ -z "$(hub_pid)" ]
}

# The started hub must outlive this job: a session of its own, and a scope of its own where systemd would end everything
# in the job's unit. It gets nothing of what this job set for itself. As with systemctl, a hub that runs is started.
service_start() {
  [ -z "$(hub_pid)" ] || return 0
  service_start_scope=''
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then service_start_scope='systemd-run --scope --collect --quiet'; fi
  # shellcheck disable=SC2086 # words of ours
  (unset LC_ALL && umask 022 && cd "$HUB_DIRECTORY" && exec $service_start_scope setsid /bin/sh -c "$START_COMMAND") \
    </dev/null >>"$JOB/start.log" 2>&1 &
  service_start_session=$!
  service_start_deadline=$(($(now) + COMMAND_LIMIT * 100))
  while kill -0 "$service_start_session" 2>/dev/null; do
    if [ "$(now)" -gt "$service_start_deadline" ]; then
      say "start-command did not return within $COMMAND_LIMIT s"
      # It may be the hub itself, in the foreground.
      [ -z "$(hub_pid)" ] || return 0
      kill_session "$service_start_session"
      return 1
    fi
    sleep 0.05
  done
  wait "$service_start_session"
}

service_instance() {
  service_instance_pid=$(hub_pid)
  [ -z "$service_instance_pid" ] || printf 'pid %s, started %s\n' "$service_instance_pid" "$(start_time "$service_instance_pid")"
}

service_log() { tail -n 40 "$JOB/start.log" 2>/dev/null; }
