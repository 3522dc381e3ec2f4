# shellcheck shell=sh
# The hub is a systemd unit (UNIT). Sourced by executor.sh; runs as root.

# While the fence stands nothing starts the hub: not Restart=always, not an admin, not a boot. A mask would do, but it
# does not work for units in /etc; a condition does. What opens it is in /run: a hub that was started and is not yet
# verified stays down after a reboot, until the job is taken up.
service_fence() {
  rm -f "$(fence_opener)"
  mkdir -p "/etc/systemd/system/$UNIT.d" || return 1
  printf '# jupyterhub-upgrade is at work; see %s\n[Unit]\nConditionPathExists=%s\n' "$JOB" "$(fence_opener)" \
    >"$(fence_file)" || return 1
  flush "$(fence_file)" "/etc/systemd/system/$UNIT.d" /etc/systemd/system
  systemctl daemon-reload
}

fence_file() { printf '/etc/systemd/system/%s.d/50-jupyterhub-upgrade.conf\n' "$UNIT"; }

fence_opener() { printf '/run/jupyterhub-upgrade/%s\n' "$UNIT"; }

service_unfence() { mkdir -p /run/jupyterhub-upgrade && : >"$(fence_opener)"; }

service_forget_fence() {
  if [ -e "$(fence_file)" ]; then
    rm -f "$(fence_file)"
    rmdir "/etc/systemd/system/$UNIT.d" 2>/dev/null
    systemctl daemon-reload
  fi
  rm -f "$(fence_opener)"
}

service_stop() {
  systemctl stop "$UNIT" || return 1
  service_stop_state=$(systemctl show -p ActiveState --value "$UNIT")
  case $service_stop_state in
    inactive | failed) return 0 ;;
  esac
  say "$UNIT is $service_stop_state after systemctl stop"
  return 1
}

# The fence sees to it.
service_stays_down() { :; }

# systemd itself kills what does not heed it.
service_end() { service_stop; }

service_start() {
  systemctl reset-failed "$UNIT" 2>/dev/null
  systemctl start "$UNIT"
}

# What must not change while a started hub is watched: the main process and how often systemd restarted it.
service_instance() {
  service_instance_pid=$(systemctl show -p MainPID --value "$UNIT")
  [ "${service_instance_pid:-0}" -gt 0 ] || return 0
  printf 'pid %s, restarts %s\n' "$service_instance_pid" "$(systemctl show -p NRestarts --value "$UNIT")"
}

# What the hub said since its last start.
service_log() {
  journalctl "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value "$UNIT")" -n 30 --no-pager -o cat 2>/dev/null
}
