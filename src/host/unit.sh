# shellcheck shell=sh
# The executor's own unit. It lies in /etc until the job has its verdict, so that every boot takes the job up again;
# what keeps the hub down until then is the fence. Sourced. Needs JOB; to enable it, the job's parameters too.

executor_unit() { printf 'jupyterhub-upgrade-%s.service\n' "${JOB##*/}"; }

executor_unit_file() { printf '/etc/systemd/system/%s\n' "$(executor_unit)"; }

executor_unit_link() { printf '/etc/systemd/system/multi-user.target.wants/%s\n' "$(executor_unit)"; }

# After the hub: at a boot the hub's own start is let past or skipped by the fence, never waited for by anything of ours, and when
# the system goes down the executor is stopped first and leaves the rest to the next boot. After everything the hub comes
# after, its database's unit among it, also where the hub itself is not started at boot.
enable_executor_unit() {
  enable_after='postgresql.service mariadb.service mysql.service mysqld.service'
  [ -z "$UNIT" ] || enable_after="$UNIT $(systemctl show -p After --value "$UNIT") $enable_after"
  enable_mounts=''
  for enable_path in "$JOB" "$HUB_DIRECTORY" "$CONFIG_PATH" "$ENVIRONMENT_PATH" "${DATABASE_PATH:-}"; do
    [ -z "$enable_path" ] || enable_mounts="$enable_mounts $(unit_word "$enable_path")"
  done
  mkdir -p /etc/systemd/system/multi-user.target.wants || return 1
  cat >"$(executor_unit_file).new" <<UNIT_FILE || return 1
[Unit]
Description=Upgrade of JupyterHub in ${JOB##*/}
After=$enable_after
RequiresMountsFor=$enable_mounts
StartLimitIntervalSec=600
StartLimitBurst=20
CollectMode=inactive-or-failed

[Service]
ExecStart=/bin/sh $(unit_word "$JOB/programs/executor.sh") run $(unit_word "$JOB")
Restart=on-failure
RestartSec=1
# To the executor alone, which heeds it at once: a step that sees its processes end would take that for a failure.
KillMode=mixed
UNIT_FILE
  chmod 644 "$(executor_unit_file).new" && mv "$(executor_unit_file).new" "$(executor_unit_file)" || return 1
  ln -sf "../$(executor_unit)" "$(executor_unit_link)" || return 1
  flush "$(executor_unit_file)" /etc/systemd/system /etc/systemd/system/multi-user.target.wants
  systemctl daemon-reload
}

# unit_word TEXT: TEXT as one word of a unit's setting.
unit_word() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/[%$]/&&/g')"; }

disable_executor_unit() {
  [ -e "$(executor_unit_file)" ] || return 0
  rm -f "$(executor_unit_link)" "$(executor_unit_file)"
  systemctl daemon-reload
}
