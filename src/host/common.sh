# shellcheck shell=sh
# What every host program shares: a fixed PATH, messages, users, clocks, processes.
# POSIX sh; runs under dash and busybox. Sourced, never run.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 077
# A process, and the uptime, are of one boot only.
BOOT=''
{ read -r BOOT </proc/sys/kernel/random/boot_id; } 2>/dev/null || :

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
  quoted_value=$1
  case $1 in
    *\'*)
      # The dot keeps the newlines at the end.
      quoted_value=$(printf '%s.' "$1" | sed "s/'/'\\\\''/g")
      quoted_value=${quoted_value%.}
      ;;
  esac
  printf "'%s'" "$quoted_value"
}

# Centiseconds since boot: a clock that no time synchronisation can set back.
now() {
  read -r now_up _ </proc/uptime
  # The one keeps a zero in front from making it octal.
  printf '%s\n' $((${now_up%.*} * 100 + 1${now_up#*.} - 100))
}

# flush PATH...: on disk, files and directories, before what comes next.
flush() { sync -- "$@" 2>/dev/null || sync; }

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

# shellcheck disable=SC2153 # a parameter
as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }

# as_hub COMMAND...: as the hub's user, in its working directory, with the environment of its process (HUB_ENV).
# The environment is read after the drop: it is the hub user's data and may say LD_PRELOAD.
as_hub() {
  as_hub_user /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"
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

# start_time PID: the kernel's start time of a process, and the boot; with the pid it names a process for ever.
# What stands before the last `) ` is its name, in which a process may write anything but NUL, newlines too.
# Nothing for a zombie: it has ended, and in a container it may stay one for ever.
start_time() {
  awk -v boot="$BOOT" '{ stat = stat $0 }
    END {
      sub(/.*\) /, "", stat)
      split(stat, field, " ")
      if (field[1] != "Z" && field[20] != "") print field[20] "@" boot
    }' "/proc/$1/stat" 2>/dev/null
}

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

# Zombies do not count: their parent, not we, must reap them. The pid is that of the file's name: see start_time.
session_pids() {
  awk -v sid="$1" 'BEGIN {
    for (i = 1; i < ARGC; i++) {
      stat = ""
      while ((getline line <ARGV[i]) > 0) stat = stat line
      close(ARGV[i])
      sub(/.*\) /, "", stat)
      split(stat, field, " ")
      split(ARGV[i], path, "/")
      if (field[4] == sid && field[1] != "Z") print path[3]
    }
  }' /proc/[0-9]*/stat
}

# clean_phases: remove what phases left that were killed, or ended by a reboot. `owner` in a phase's directory has pid and
# boot of its shell, `scratch` user, group and path of a directory that it had elsewhere.
clean_phases() {
  for clean_phase in /var/tmp/jupyterhub-upgrade.*; do
    # Anybody may make one of that name.
    if [ -L "$clean_phase" ] || [ "$(stat -c %u "$clean_phase" 2>/dev/null)" != "$(id -u)" ]; then continue; fi
    { read -r clean_pid clean_boot <"$clean_phase/owner"; } 2>/dev/null || continue
    if [ "$clean_boot" = "$BOOT" ] && [ -d "/proc/$clean_pid" ]; then continue; fi
    if { read -r clean_uid clean_gid clean_path <"$clean_phase/scratch"; } 2>/dev/null; then
      as_uid "$clean_uid" "$clean_gid" rm -rf "$clean_path"
    fi
    rm -rf "$clean_phase"
  done
}

# hub_pids: processes that are a JupyterHub (not its single-user servers, proxies or subcommands), one pid a line.
hub_pids() {
  # shellcheck disable=SC2013 # names of files, without blanks
  for hub_pids_file in $(grep -l jupyterhub /proc/[0-9]*/cmdline 2>/dev/null); do
    { tr '\0' '\n' <"$hub_pids_file"; } 2>/dev/null | awk '
      NR <= 8 { word[NR] = $0 }
      END {
        i = 1
        if (word[1] ~ /(^|\/)python[0-9.]*$/) for (i = 2; word[i] ~ /^-/;) i++
        name = word[i]; sub(/.*\//, "", name)
        next_word = word[i + 1]
        exit !(name ~ /^jupyterhub(\.app)?$/ && next_word !~ /^(token|upgrade-db|shell)$/)
      }' && { hub_pids_pid=${hub_pids_file#/proc/}; printf '%s\n' "${hub_pids_pid%/cmdline}"; }
  done
}

# capture_environment PID OUT: the process's environment as sh exports. Values never stand on a command line (ps).
capture_environment() { exports_of "/proc/$1/environ" "$2"; }

# exports_of FILE OUT: FILE is in the form of /proc/PID/environ. Left out is what no shell takes as a name or lets be set,
# and what speaks of that process only. The bytes go through od: shells cannot hold NUL.
exports_of() {
  [ -r "$1" ] || return 1
  od -An -v -to1 "$1" | awk '
    BEGIN {
      for (i = 1; i < 256; i++) byte[sprintf("%03o", i)] = sprintf("%c", i)
      byte["047"] = "\047\134\047\047"
    }
    {
      for (i = 1; i <= NF; i++) {
        if ($i != "000") { entry = entry byte[$i]; continue }
        name = substr(entry, 1, index(entry, "=") - 1)
        if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/ &&
            name !~ /^(PWD|OLDPWD|SHLVL|_|UID|EUID|PPID|OPTIND|SHELLOPTS|BASHOPTS|BASH_VERSINFO)$/ &&
            name !~ /^(NOTIFY_SOCKET|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MAINPID|WATCHDOG_.*|LISTEN_.*)$/)
          print "export " name "=\047" substr(entry, length(name) + 2) "\047"
        entry = ""
      }
    }' >"$2"
}

# environment_file: what `systemctl show` prints of Environment= (words, in double quotes where need be, with the escapes of
# C), in the form of an EnvironmentFile.
environment_file() {
  awk '
    BEGIN {
      for (i = 1; i < 256; i++) octal[sprintf("%03o", i)] = sprintf("%c", i)
      plain["n"] = "\n"; plain["t"] = "\t"; plain["r"] = "\r"; plain["s"] = " "
      plain["a"] = "\007"; plain["b"] = "\010"; plain["v"] = "\013"; plain["f"] = "\014"
    }
    function put(word) {
      equals = index(word, "=")
      value = substr(word, equals + 1)
      gsub(/[\\"`$]/, "\\\\&", value)
      if (equals > 1) print substr(word, 1, equals) "\"" value "\""
    }
    { text = text (NR > 1 ? "\n" : "") $0 }
    END {
      for (i = 1; i <= length(text); i++) {
        char = substr(text, i, 1)
        if (char == "\\") {
          char = substr(text, ++i, 1)
          if (substr(text, i, 3) in octal) { char = octal[substr(text, i, 3)]; i += 2 }
          else if (char in plain) char = plain[char]
        } else if (char == "\"") {
          quoted = !quoted
          continue
        } else if (char == " " && !quoted) {
          put(word)
          char = word = ""
        }
        word = word char
      }
      put(word)
    }'
}

# hub_environment OUT BIN: the environment of the hub's process (HUB_PID); where its unit (UNIT) is stopped, what systemd
# would give it. BIN comes first in its PATH: upgrade-db runs `alembic` by name.
hub_environment() {
  hub_environment_out=$1 hub_environment_bin=$2 hub_environment_status=0
  : >"$hub_environment_out" || return 1
  # A hub that crashes in a loop may have another process by now, or none.
  if [ -n "$HUB_PID" ] && capture_environment "$HUB_PID" "$hub_environment_out" 2>/dev/null; then
    :
  elif [ "$SERVICE_MANAGER" = systemd ] && [ "$(id -u)" = 0 ]; then
    # The values themselves cross in a file: what stands on a command line everybody can read.
    systemctl show -p Environment --value "$UNIT" | environment_file >"$hub_environment_out.unit"
    set -- --quiet --wait --pipe --collect -p "EnvironmentFile=$hub_environment_out.unit"
    hub_environment_ifs=$IFS IFS='
'
    for hub_environment_file in $(systemctl show -p EnvironmentFiles --value "$UNIT" | sed -n 's/ (ignore_errors=.*//p'); do
      set -- "$@" -p "EnvironmentFile=-$hub_environment_file"
    done
    IFS=$hub_environment_ifs
    systemd-run "$@" cat /proc/self/environ >"$hub_environment_out.raw" 2>/dev/null
    exports_of "$hub_environment_out.raw" "$hub_environment_out"
    rm -f "$hub_environment_out.raw" "$hub_environment_out.unit"
  elif [ -n "$HUB_PID" ]; then
    hub_environment_status=1
  fi
  printf "export PATH=%s:\"\${PATH:-%s}\"\n" "$(quoted "$hub_environment_bin")" "$PATH" >>"$hub_environment_out" || return 1
  chown "$HUB_UID:$HUB_GID" "$hub_environment_out" 2>/dev/null
  return "$hub_environment_status"
}

# reach_database DIRECTORY: sets DATABASE, for hubdb. How the hub reaches a server stands in DIRECTORY/database.json then,
# with its password, for the hub's user alone.
reach_database() {
  # shellcheck disable=SC2034 # for hubdb
  DATABASE=$DATABASE_PATH
  [ "$DATABASE_DIALECT" = server ] || return 0
  # shellcheck disable=SC2034
  DATABASE=@$1/database.json
  HUB_ENV=$1/hub.env
  [ -e "$HUB_ENV" ] || hub_environment "$HUB_ENV" "$HUB_BIN" || return 1
  : >"$1/database.json" && chown "$HUB_UID:$HUB_GID" "$1/database.json" || return 1
  as_hub "$HUB_PYTHON" "$PROGRAMS/introspect.py" --database-file "$1/database.json" \
    -f "$CONFIG_PATH" >/dev/null
}

# hubdb VERB ARGS: the hub's database from outside the hub. An SQLite file is opened as the hub's user and in isolation; a
# server as the hub itself does, as drivers depend on the environment.
hubdb() {
  set -- ${DATABASE_TOOLS:+--tools "$DATABASE_TOOLS"} "$@"
  if [ "$DATABASE_DIALECT" = sqlite ]; then
    as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/hubdb" "$@"
  else
    as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" "$@"
  fi
}
