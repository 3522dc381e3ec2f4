# shellcheck shell=sh
# The hub is a systemd unit (UNIT). Sourced by executor.sh; runs as root.

# While the fence stands nothing starts the hub: not Restart=always, not an admin, not a boot. A mask would do, but it
# does not work for units in /etc; a condition does.
service_fence() {
  mkdir -p "/etc/systemd/system/$UNIT.d" || return 1
  printf '# jupyterhub-upgrade is at work; see %s\n[Unit]\nConditionPathExists=!%s/fence\n' "$JOB" "$STATE" \
    >"$(fence_file)" || return 1
  systemctl daemon-reload || return 1
  : >"$STATE/fence"
}

fence_file() { printf '/etc/systemd/system/%s.d/50-jupyterhub-upgrade.conf\n' "$UNIT"; }

service_unfence() { rm -f "$STATE/fence"; }

service_forget_fence() {
  rm -f "$STATE/fence" "$(fence_file)"
  rmdir "/etc/systemd/system/$UNIT.d" 2>/dev/null
  systemctl daemon-reload
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
