# shellcheck shell=sh
# What every host program shares: a fixed PATH, messages, users, clocks, processes.
# POSIX sh; runs under dash and busybox. Sourced, never run.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 077

# Lines for people go to stderr; stdout is for the machine.
say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# fact NAME VALUE: one line of machine output. Base64, so that nothing in VALUE can pose as another fact.
fact() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\n')"; }

# quoted VALUE: VALUE as one POSIX shell word.
quoted() {
  case $1 in
    *\'*) printf "'%s'" "$(printf '%s.' "$1" | sed "s/'/'\\\\''/g" | sed '$ s/\.$//')" ;;
    *) printf "'%s'" "$1" ;;
  esac
}

# Centiseconds since boot: a clock that no time synchronisation can set back.
now() {
  read -r now_up _ </proc/uptime
  printf '%s%s\n' "${now_up%.*}" "${now_up#*.}"
}

# as_uid UID GID COMMAND...: drop to that user for good, before anything of theirs is read or run.
as_uid() {
  as_uid_uid=$1
  as_uid_gid=$2
  shift 2
  if [ "$(id -u)" = "$as_uid_uid" ]; then
    "$@"
  elif command -v setpriv >/dev/null 2>&1; then
    setpriv --reuid "$as_uid_uid" --regid "$as_uid_gid" --init-groups -- "$@"
  else
    runuser -u "$(id -un "$as_uid_uid")" -- "$@"
  fi
}

# as_hub COMMAND...: as the hub's user, in its working directory, with the environment of its process (HUB_ENV).
# The environment is read after the drop: it is the hub user's data and may say LD_PRELOAD.
as_hub() {
  as_uid "$HUB_UID" "$HUB_GID" /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"
}

# as_owner COMMAND...: as the owner of the environment directory, with a clean environment. What it installs is for
# other users too, the hub's among them.
as_owner() (
  umask 022
  as_uid "$ENVIRONMENT_UID" "$ENVIRONMENT_GID" env -i PATH="$PATH" LC_ALL=C.UTF-8 \
    HOME="${OWNER_HOME:-$(home_of "$ENVIRONMENT_UID")}" "$@"
)

home_of() {
  { getent passwd "$1" 2>/dev/null || awk -F: -v uid="$1" '$3 == uid' /etc/passwd; } | head -n 1 | cut -d: -f6
}

# start_time PID: the kernel's start time of a process; with the pid it names a process for ever.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

is_alive() { [ -n "$2" ] && [ "$(start_time "$1")" = "$2" ]; }

# kill_session SID: end every process of a session, politely, then not.
kill_session() {
  kill_session_tries=0
  while :; do
    kill_session_pids=$(session_pids "$1")
    [ -n "$kill_session_pids" ] || return 0
    [ "$kill_session_tries" -lt 100 ] || return 1
    kill_session_signal=TERM
    [ "$kill_session_tries" -lt 20 ] || kill_session_signal=KILL
    # shellcheck disable=SC2086 # a list of pids
    kill -s "$kill_session_signal" $kill_session_pids 2>/dev/null
    kill_session_tries=$((kill_session_tries + 1))
    sleep 0.1
  done
}

# Zombies do not count: their parent, not we, must reap them.
session_pids() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\([0-9]*\) (.*) \(.\) [0-9]* [0-9]* \([0-9]*\) .*/\1 \2 \3/p' |
    awk -v sid="$1" '$3 == sid && $2 != "Z" { print $1 }'
}

# hub_pids: processes that are a JupyterHub (not its single-user servers, proxies or subcommands), one pid a line.
hub_pids() {
  for hub_pids_file in $(grep -l jupyterhub /proc/[0-9]*/cmdline 2>/dev/null); do
    { tr '\0' '\n' <"$hub_pids_file"; } 2>/dev/null | awk '
      NR <= 4 { word[NR] = $0 }
      END {
        i = 1
        if (word[1] ~ /(^|\/)python[0-9.]*$/) i = (word[2] == "-m") ? 3 : 2
        name = word[i]; sub(/.*\//, "", name)
        next_word = word[i + 1]
        exit !(name == "jupyterhub" && next_word !~ /^(token|upgrade-db|shell)$/)
      }' && { hub_pids_pid=${hub_pids_file#/proc/}; printf '%s\n' "${hub_pids_pid%/cmdline}"; }
  done
}

# capture_environment PID OUT: the process's environment as sh exports. Values never stand on a command line (ps).
# systemd's own per-invocation variables are left out: they speak of that process only.
capture_environment() { exports_of "/proc/$1/environ" "$2"; }

# exports_of FILE OUT: FILE is in the form of /proc/PID/environ.
exports_of() {
  tr '\0\n' '\n\001' <"$1" | while IFS= read -r capture_line; do
    capture_name=${capture_line%%=*}
    case $capture_name in
      '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;;
      NOTIFY_SOCKET | INVOCATION_ID | JOURNAL_STREAM | SYSTEMD_EXEC_PID | WATCHDOG_* | LISTEN_* | MAINPID) continue ;;
      PWD | OLDPWD | SHLVL | _) continue ;;
    esac
    capture_value=$(printf '%s.' "${capture_line#*=}" | tr '\001' '\n')
    printf 'export %s=%s\n' "$capture_name" "$(quoted "${capture_value%.}")"
  done >"$2"
}
