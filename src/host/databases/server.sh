# shellcheck shell=sh
# The hub's database is on a server: PostgreSQL, MySQL, or any other that SQLAlchemy knows. Sourced by executor.sh.
# What is done with it is done as the hub: as its user, in its directory, with its environment. Copies lie in COPIES.

# shellcheck disable=SC2034 # for steps.sh
DATABASE=@$JOB/database.json
# shellcheck disable=SC2034
MIGRATION_CONFIG=$CONFIG_PATH

# patiently TRIES COMMAND...: again, less and less often, while it says that the database cannot be reached or is locked
# (status 3), and TRIES times where it fails otherwise. One step is patient once, however many commands it has.
patiently() {
  patiently_end=${patiently_end:-$(($(now) + DATABASE_PATIENCE * 100))}
  patiently_wait=1
  patiently_tries=$1
  shift
  while :; do
    "$@" && return 0
    patiently_status=$?
    [ "$patiently_status" -eq 3 ] || patiently_tries=$((patiently_tries - 1))
    if [ "$patiently_tries" -eq 0 ] || [ "$(now)" -gt "$patiently_end" ]; then return "$patiently_status"; fi
    say "it is tried again in $patiently_wait s"
    sleep "$patiently_wait"
    [ "$patiently_wait" -ge 30 ] || patiently_wait=$((patiently_wait * 2))
  done
}

copy_sum() { as_hub_user sha256sum "$COPIES/$1" | cut -d' ' -f1; }

# same_digest FILE FILE: whether two answers of hubdb have the same digest.
same_digest() {
  cat "$1" "$2" | as_hub_user "$HUB_PYTHON" -I -c '
import json, sys
one, other = [json.loads(line)["digest"] for line in sys.stdin]
sys.exit(one != other)'
}

# Whoever else works on the database can keep the tables locked, or write what is lost by the way back.
name_sessions() {
  sessions=$(hubdb sessions "$DATABASE" 2>/dev/null)
  case $sessions in '' | '[]') return 0 ;; esac
  say "others have sessions on the database: $sessions"
  note foreign-sessions "$sessions"
}

database_snapshot() {
  as_hub_user rm -f "$COPIES/snapshot"
  hubdb backup "$DATABASE" "$COPIES/snapshot" >"$JOB/snapshot" || return 1
  note snapshot-digest "$(copy_sum snapshot)"
  hubdb inventory "$DATABASE" "$COPIES/inventory" >/dev/null
}

database_is_kept() { [ "$(copy_sum snapshot)" = "$(noted snapshot-digest)" ]; }

database_put_back() {
  if ! database_is_kept; then
    say "the copy in $COPIES/snapshot is not what it was when it was taken: nothing was put back"
    return 1
  fi
  name_sessions
  # A connection that breaks in the middle leaves MySQL without the tables: what failed is begun again.
  if patiently 3 hubdb put-back "$DATABASE" "$COPIES/snapshot" >"$JOB/put-back"; then
    same_digest "$JOB/snapshot" "$JOB/put-back" && return 0
    say 'what is in the database now is not what was in the copy'
  fi
  say "the database was not put back; its copy of before the upgrade is $COPIES/snapshot"
  return 1
}

# What the new hub wrote before it was taken back stays readable, and is reported by key.
database_keep_new() {
  [ -z "$(noted kept-new-database)" ] || return 0
  as_hub_user rm -f "$COPIES/new"
  if ! patiently 1 hubdb inventory "$DATABASE" "$COPIES/inventory.new" >/dev/null ||
    ! patiently 1 hubdb backup "$DATABASE" "$COPIES/new" >/dev/null; then
    note lost-new-database yes
    return 0
  fi
  note kept-new-database "$COPIES/new"
  note written-to-new "$(hubdb compare "$COPIES/inventory" "$COPIES/inventory.new" 2>/dev/null)"
}

# What is there afterwards must be what the manifest says. The new hub is compared with that, too.
database_load() {
  name_sessions
  patiently 1 hubdb put-back "$DATABASE" "$JOB/payload/database" >"$JOB/loaded" || return 1
  printf '{"digest": %s}\n' "$DATABASE_DIGEST" >"$JOB/manifest-digest"
  same_digest "$JOB/manifest-digest" "$JOB/loaded" || {
    say 'the database that was put in place is not that of the backup'
    return 1
  }
  hubdb inventory "$DATABASE" "$COPIES/inventory" >/dev/null
}

database_empty() { patiently 1 hubdb empty "$DATABASE" >/dev/null; }

# An old hub could not start without it either.
database_await() { patiently 1 hubdb revision "$DATABASE" >/dev/null; }

database_discard_snapshot() { as_hub_user rm -f "$COPIES/snapshot"; }
database_kept() { printf 'a copy of the database of before in %s/snapshot\n' "$COPIES"; }
database_remove_kept() {
  [ -d "$STATE/jobs/$1/database" ] || return 0
  as_hub_user find "$STATE/jobs/$1/database" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
}

database_revision() { hubdb revision "$DATABASE"; }

database_compare() { compare_inventories; }

# Only of a file does upgrade-db leave copies.
database_own_copies() { :; }
database_remove_own_copies() { :; }

# The copy that an upgrade is rehearsed on is in a scratch database, as a backup's is that is proven. It is there for as
# long as this shell holds the pipe.
rehearsal_directory() { printf '%s/rehearsal\n' "$COPIES"; }

rehearsal_copy() {
  # Nothing changes the dump itself: one is enough for all copies.
  rehearsal_dump=${1%/*}/backup
  [ -e "$rehearsal_dump" ] || hubdb copy "$DATABASE" "$rehearsal_dump" >/dev/null || return 1
  mkfifo -m 600 "$JOB/rehearsal.pipe" && chown "$HUB_UID:$HUB_GID" "$JOB/rehearsal.pipe" || return 1
  (hubdb scratch "$DATABASE" "$rehearsal_dump" "$1/database.json" <"$JOB/rehearsal.pipe" >/dev/null 2>"$JOB/rehearsal.log") &
  rehearsal_scratch=$!
  exec 7>"$JOB/rehearsal.pipe"
  until [ -e "$1/database.json" ]; do
    kill -0 "$rehearsal_scratch" 2>/dev/null || return 3
    sleep 0.1
  done
  rehearsal_copied=@$1/database.json
  # Where the hub's role has a search path of its own in its database, the tables are not found in another.
  [ "$(hubdb revision "$rehearsal_copied" 2>"$JOB/rehearsal.log")" = "$PREVIOUS_REVISION" ] || return 3
}

rehearsal_end_copy() {
  if [ -n "${rehearsal_scratch:-}" ]; then
    exec 7>&-
    wait "$rehearsal_scratch"
    rehearsal_scratch=''
    rm -f "$JOB/rehearsal.pipe"
  fi
  # Of one that was killed.
  [ ! -e "$JOB/rehearsal.pipe" ] || { hubdb sweep "$DATABASE" >/dev/null && rm -f "$JOB/rehearsal.pipe"; }
}
