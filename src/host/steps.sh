# shellcheck shell=sh
# The closed set of steps a job is made of: do_X and its way back undo_X. Sourced by executor.sh.
# A do_ runs in its own session under a time limit; an undo_ must be right however far its do_ came, also never begun.

# Of the hub's user: inventories of the database, and copies of one that is no file.
COPIES=$JOB/database

# --- stage: the new environment, built beside the old one while the hub runs --------------------------------------

do_stage() { environment_stage && proxy_stage; }
# What could not be removed is no reason to keep a hub down.
undo_stage() {
  environment_discard_stage || say 'what was staged could not be removed whole'
  proxy_discard || say 'the staged proxy could not be removed whole'
}

# --- hold: the backup is uploaded and proven meanwhile; the runner says go -----------------------------------------

do_hold() {
  while [ ! -e "$JOB/go" ]; do sleep 0.1; done
}
undo_hold() { :; }

# --- inspect (restore mode): the backup's database, a file, lacks what the checks after the start need ------------------

do_inspect() {
  # Of what cannot be read so nothing is known: the hub's own Python may be what is broken.
  case $(hubdb facts --user "$CANARY_USER" "$JOB/payload/database") in
    *'"has_user": false'*) ;;
    *) return 0 ;;
  esac
  say "The backup has no user $CANARY_USER: write a canary-user that it has, or leave canary-user out."
  return 1
}
undo_inspect() { :; }

# --- announce: tell the users, and give them time ------------------------------------------------------------------

do_announce() {
  prepare_token || return 1
  if [ -n "$NOTICE_HTML" ]; then
    printf '%s\n' "$NOTICE_HTML" >"$JOB/notice.html"
    chmod 644 "$JOB/notice.html"
    if as_template_owner /bin/sh "$PROGRAMS/notice.sh" put "$TEMPLATE_PATH" "$JOB/notice.html"; then
      note notified 'the hub pages'
    else
      notice_failed 'the notice could not be put on the hub pages' || return 1
    fi
  fi
  if [ -n "$NOTIFY_COMMAND" ]; then
    if NOTIFY_MESSAGE=$NOTIFY_MESSAGE /bin/sh -c "$NOTIFY_COMMAND"; then
      note notified notify-command
    else
      notice_failed 'notify-command failed' || return 1
    fi
  fi
  announce_left=$NOTIFY_LEAD_TIME
  while [ "$announce_left" -gt 0 ]; do
    sleep 1
    announce_left=$((announce_left - 1))
  done
  environment_is_as_staged
}

notice_failed() {
  say "$1"
  note not-notified "$1"
  [ "$NOTIFY_REQUIRED" != yes ]
}

# A file of root's may lie in a directory of somebody else's.
as_template_owner() {
  if [ "$TEMPLATE_UID" = 0 ]; then
    as_directory_owner "${TEMPLATE_PATH%/*}" "$@"
  else
    as_uid "$TEMPLATE_UID" "$TEMPLATE_GID" "$@"
  fi
}

undo_announce() {
  [ -z "$NOTICE_HTML" ] || as_template_owner /bin/sh "$PROGRAMS/notice.sh" withdraw "$TEMPLATE_PATH" ||
    say 'the notice could not be taken off the pages'
}

# --- stop ----------------------------------------------------------------------------------------------------------

do_stop() {
  # The hub's user looks for the same servers in verify.
  hubdb facts "$DATABASE" >"$JOB/servers" && chown "$HUB_UID:$HUB_GID" "$JOB/servers" 2>/dev/null
  note users-servers "$(server_pids)"
  service_fence || return 1
  service_stop || return 1
  undo_announce || :
}

undo_stop() {
  undo_announce
  # A stop that was cut, or took too long, may have told the hub to end: one that still runs then would be taken for started.
  journal_has 'done stop' || service_stop || :
  service_unfence
  if [ "$WAS_RUNNING" = yes ]; then
    database_await || :
    start_hub || return 1
    wait_for_hub "$PREVIOUS_VERSION" "$LIMIT_START" || {
      say "the old hub does not answer as JupyterHub $PREVIOUS_VERSION"
      service_log
      return 1
    }
    note restarted "$(job_time)"
  fi
  service_forget_fence
}

# Pids of the users' servers that the database names and that live, for the spawners whose servers have one.
server_pids() {
  for server_pid in $(tr ',' '\n' <"$JOB/servers" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'); do
    [ ! -d "/proc/$server_pid" ] || printf '%s:%s ' "$server_pid" "$(start_time "$server_pid")"
  done
}

# Which of those still live: the same process, not the same number.
surviving_pids() {
  for server in $(noted users-servers); do
    ! is_alive "${server%:*}" "${server#*:}" || printf '%s ' "${server%:*}"
  done
}

# --- token: a short-lived API token of the old release, put in after the snapshot, so that a rollback forgets it ----

do_token() {
  {
    printf '%s\n' "$HEALTH_TOKEN"
    while [ ! -e "$JOB/token-go" ] && [ ! -e "$JOB/token-ended" ]; do sleep 0.05; done
    echo go
  } | {
    as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token create --expires 600 --wait \
      ${CANARY_USER:+--user "$CANARY_USER"} "$DATABASE" >"$JOB/token.out" && mv "$JOB/token.out" "$JOB/token"
    : >"$JOB/token-ended"
  }
}

token_session() { sed -n 's/^[0-9]* [0-9]* session token \([0-9]*\) .*/\1/p' "$JOB/journal" | tail -n 1; }

# await_token FILE LIMIT: wait for a file of the token's process, LIMIT twentieths of a second, or for its end.
await_token() {
  await_tries=0
  while [ ! -s "$1" ] && [ ! -e "$JOB/token-ended" ] && [ "$await_tries" -lt "$2" ]; do
    sleep 0.05
    await_tries=$((await_tries + 1))
  done
  [ -s "$1" ]
}

# Loads the old release's code, which takes longer than a stop, while the hub still runs. Then all of it is there before
# the environment is switched under it.
prepare_token() {
  [ -n "$MINT_TOKEN" ] || return 0
  setsid sh "$PROGRAMS/executor.sh" step "$JOB" token "$EXECUTOR" </dev/null &
  await_token "$JOB/token.out" 600 || no_token
}

mint_token() {
  [ -s "$JOB/token.out" ] || return 0
  note token asked
  : >"$JOB/token-go"
  if await_token "$JOB/token" 200; then
    note token made
    return 0
  fi
  kill_session "$(token_session)"
  no_token
}

# The check with an old token can be left out; that of a canary user cannot be made without.
no_token() {
  say "no token could be made${CANARY_USER:+ for the canary-user $CANARY_USER}"
  [ -z "$CANARY_USER" ]
}

# --- snapshot: what a rollback restores ------------------------------------------------------------------------------

do_snapshot() {
  # A hub that runs goes on writing to the file that is set aside.
  service_stays_down || return 1
  database_snapshot || return 1
  : >"$JOB/to-put-back" && flush "$JOB/to-put-back" "$JOB" || return 1
  note snapshot complete || return 1
  mint_token
}

undo_snapshot() {
  # An old hub that was started again writes what no second way back may take: once it was put back, nothing is, also where
  # the journal has no room to say so. To remove a file needs none.
  if [ "$(noted snapshot)" != complete ] || [ ! -e "$JOB/to-put-back" ]; then
    database_discard_snapshot
    return 0
  fi
  if journal_has 'begin start'; then database_keep_new; fi
  # Before these nothing of ours wrote to the database, and somebody else may have.
  if [ -n "$(noted token)" ] || journal_has 'begin migrate' || journal_has 'begin load' || journal_has 'begin start'; then
    database_put_back || return 1
  fi
  if journal_has 'begin start'; then keep_generation taken-back; fi
  rm -f "$JOB/to-put-back" && flush "$JOB" && database_discard_snapshot
  return 0
}

# --- switch (staged) or install (in place) -----------------------------------------------------------------------------

do_switch() { environment_switch && proxy_switch; }
undo_switch() { environment_switch_back && proxy_switch_back; }

do_install() { environment_install && proxy_switch; }
undo_install() { environment_switch_back && proxy_switch_back; }

# --- migrate -------------------------------------------------------------------------------------------------------------

do_migrate() {
  service_stays_down || return 1
  database_before=$(database_revision) || return 1
  if [ "$database_before" != "$PREVIOUS_REVISION" ]; then
    say "the database is at revision $database_before, the plan was made for $PREVIOUS_REVISION"
    return 1
  fi
  if [ "$DATABASE_STRATEGY" = fresh ]; then
    # A hub makes the tables it lacks when it starts, of its own revision.
    database_empty
    return
  fi
  if [ "$database_before" = "$(noted head)" ]; then
    say "the database is at the new release's revision $database_before already"
    note revision "$database_before"
    return 0
  fi
  database_own_copies >"$JOB/own-copies.new" && mv "$JOB/own-copies.new" "$JOB/own-copies" || return 1
  for migrate_hop in $HOPS; do
    say "migrating the database by way of JupyterHub $migrate_hop"
    upgrade_db "$(noted "hop $migrate_hop")" environment_in_hop "$migrate_hop" && database_compare || return 1
  done
  upgrade_db "$(noted head)" as_hub "$HUB_PYTHON" || return 1
  note revision "$(noted head)"
  remove_own_copies
}
# The data is put back by the undo of the snapshot.
undo_migrate() { remove_own_copies; }

# upgrade_db REVISION PYTHON...: one migration, by that interpreter, after which the database must be at REVISION.
upgrade_db() {
  upgrade_db_revision=$1
  shift
  # -f and the service's own directory: elsewhere upgrade-db makes a new empty database and answers success.
  "$@" -m jupyterhub upgrade-db -f "$MIGRATION_CONFIG" || return 1
  database_after=$(database_revision) || return 1
  [ "$database_after" != "$upgrade_db_revision" ] || return 0
  say "upgrade-db ended well, but the database is at revision $database_after and not at $upgrade_db_revision"
  return 1
}

# What upgrade-db copied at its tries only fills the disk.
remove_own_copies() {
  [ ! -e "$JOB/own-copies" ] || database_remove_own_copies "$(cat "$JOB/own-copies")" ||
    say 'a copy that upgrade-db made beside the database could not be removed'
}

# --- load (restore mode): the backup's database and files take the place of what is there ------------------------------

do_load() {
  database_load || return 1
  each_file put_file || return 1
  note revision "$(database_revision)"
}

undo_load() { each_file put_file_back; }

# FILES has a line "<number> <mode> <owner> <path>" for each file of the backup that belongs on this host.
# shellcheck disable=SC2030,SC2031 # set and used in the loop's own subshell
each_file() {
  printf '%s\n' "$FILES" | while read -r file_number file_mode file_owner file_path; do
    [ -n "$file_number" ] || continue
    "$1" || exit 1
  done
}

# shellcheck disable=SC2031
put_file() {
  as_directory_owner "${file_path%/*}" /bin/sh "$PROGRAMS/files.sh" put "$file_path" "$file_mode" "$file_owner" \
    ".before-$JOB_ID" <"$JOB/payload/$file_number"
}

# shellcheck disable=SC2031
put_file_back() {
  as_directory_owner "${file_path%/*}" /bin/sh "$PROGRAMS/files.sh" put-back "$file_path" ".before-$JOB_ID" </dev/null
}

# Root works only where nobody else could have put a link in the way; elsewhere it is the hub's user.
as_directory_owner() {
  directory_checked=$1
  shift
  while [ "$(id -u)" = 0 ]; do
    if [ "$(stat -c %u "$directory_checked" 2>/dev/null)" != 0 ] || [ -n "$(find "$directory_checked" -maxdepth 0 -perm /022 ! -perm -1000)" ]; then
      as_uid "$HUB_UID" "$HUB_GID" "$@"
      return
    fi
    if [ "$directory_checked" = / ]; then break; fi
    directory_checked=${directory_checked%/*}
    [ -n "$directory_checked" ] || directory_checked=/
  done
  "$@"
}

# --- start ---------------------------------------------------------------------------------------------------------------------

do_start() {
  service_unfence
  start_hub
}

start_hub() {
  service_start && return 0
  say 'the hub could not be started'
  service_log
  return 1
}

undo_start() {
  service_fence
  service_end
}

# --- verify: the commit point -----------------------------------------------------------------------------------------------------

do_verify() {
  wait_for_hub "$TARGET_VERSION" "$LIMIT_START" || {
    say "the hub does not answer as JupyterHub $TARGET_VERSION"
    service_log
    return 1
  }
  note up "$(job_time)"
  verify_token || return 1
  health check --version "$TARGET_VERSION" >/dev/null || return 1
  verify_stable || return 1
  database_compare || return 1
  [ "$DATABASE_STRATEGY" != fresh ] || verify_fresh || return 1
  if [ -n "$CANARY_USER" ]; then
    health spawn "$CANARY_USER" >/dev/null || return 1
  else
    note not-tried "starting and stopping a user's server: that takes a canary-user"
  fi
  note servers-after "$(surviving_pids)"
  note routes-after "$(health servers "$JOB/servers")"
}
undo_verify() { :; }

# compare_inventories: what must outlive an upgrade, by key. A fresh database has none of it, by choice.
compare_inventories() {
  hubdb inventory "$DATABASE" "$COPIES/inventory.now" >/dev/null || return 1
  hubdb compare "$COPIES/inventory" "$COPIES/inventory.now" >"$JOB/compare" || return 1
  note compare "$(cat "$JOB/compare")"
  if [ "$DATABASE_STRATEGY" = fresh ] || grep -q '"complete": true' "$JOB/compare"; then return 0; fi
  say 'users, groups or tokens that were there before are missing in the migrated database'
  return 1
}

verify_fresh() {
  fresh_revision=$(database_revision) || return 1
  note revision "$fresh_revision"
  [ "$fresh_revision" = "$(noted head)" ] && return 0
  say "the new hub made a database of revision $fresh_revision, not $(noted head)"
  return 1
}

# The token's secret goes over stdin; without one the call is left out, and said to be.
verify_token() {
  if [ -n "$MINT_TOKEN" ] && [ ! -e "$JOB/token" ]; then HEALTH_TOKEN=''; fi
  [ -n "$HEALTH_TOKEN" ] || note not-tried 'an API call with a token made before the upgrade'
}

# health VERB ARGS: health.py as the hub's user, with the hub's interpreter and nothing of its configuration.
health() {
  health_verb=$1
  shift
  printf '%s\n' "$HEALTH_TOKEN" |
    as_uid "$HUB_UID" "$HUB_GID" "$HUB_PYTHON" -I "$PROGRAMS/health.py" "$health_verb" "$HEALTH_BASE" "$@"
}

wait_for_hub() { health wait --version "$1" --timeout "$2" >/dev/null; }

# One main process, the same over the window: a hub may answer at 2 s and exit at 5.
verify_stable() {
  stable_first=$(service_instance)
  stable_checks=0
  while [ "$stable_checks" -lt 3 ]; do
    sleep 3.5
    health check --version "$TARGET_VERSION" >/dev/null || return 1
    if [ -z "$stable_first" ] || [ "$(service_instance)" != "$stable_first" ]; then
      say "the hub's process changed while it was watched: it was $stable_first and is now $(service_instance)"
      service_log
      return 1
    fi
    stable_checks=$((stable_checks + 1))
  done
  note instance "$stable_first"
}

# --- confirm: the runner looks from outside and may still say no; silence keeps the new hub ----------------------------------------

# The fence goes only when `done verify` is on disk: at a boot before that, the hub stays down until it is decided. At one
# right after it, the fence kept the hub from being started.
do_confirm() {
  service_forget_fence
  service_start || decide abort 'the verified hub could not be started again' >/dev/null
  confirm_deadline=$(($(now) + CONFIRM_TIMEOUT * 100))
  while [ -z "$(decision)" ] && [ "$(now)" -lt "$confirm_deadline" ]; do sleep 0.1; done
  decide timeout 'nobody said no' >/dev/null
}
undo_confirm() { :; }

# --- after the verdict is certain ----------------------------------------------------------------------------------------------------

# The set-aside environment and database of this run stay as the way back by hand.
tidy() {
  note kept "$(environment_kept)"
  note kept "$(database_kept)"
  if [ -e "$JOB/token" ]; then
    printf '%s\n' "$HEALTH_TOKEN" | as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token delete \
      "$DATABASE" >/dev/null || say 'the ten-minute token could not be deleted; it expires by itself'
  fi
  environment_unmark
  environment_discard_hops
  proxy_discard
  keep_generation before
}
