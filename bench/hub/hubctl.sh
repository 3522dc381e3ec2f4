#!/bin/sh
# Starts and stops a JupyterHub without a service manager: hubctl start | stop
set -eu
base=$(cd "$(dirname "$0")/.." && pwd)
pid=$(cat "$base/hub.pid" 2>/dev/null || true)

# A process that has ended but was not collected yet has an empty command line.
running() {
  [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q jupyterhub
}

case ${1-} in
  start)
    if running; then exit 0; fi
    cd "$base/state"
    set -a
    # shellcheck source=/dev/null
    . "$base/etc/hub.env"
    set +a
    setsid "$base/environment/bin/jupyterhub" -f "$base/etc/jupyterhub_config.py" </dev/null >>"$base/hub.log" 2>&1 &
    echo $! >"$base/hub.pid"
    ;;
  stop)
    if ! running; then exit 0; fi
    kill "$pid"
    tries=0
    while running; do
      tries=$((tries + 1))
      if [ "$tries" -gt 1000 ]; then
        echo "jupyterhub ($pid) does not end" >&2
        exit 1
      fi
      sleep 0.1
    done
    rm -f "$base/hub.pid"
    ;;
  *)
    echo "usage: $0 start | stop" >&2
    exit 2
    ;;
esac
