# shellcheck shell=sh
# The hub's database is an SQLite file (DATABASE_PATH, its real path). Sourced by executor.sh.
# All file work is done as the hub's user, who owns the directory: root follows no path of theirs.

# shellcheck disable=SC2034 # for steps.sh
DATABASE=$DATABASE_PATH

# shellcheck disable=SC2034
MIGRATION_CONFIG=$CONFIG_PATH
if [ "$DATABASE_URL_HAS_QUERY" = yes ]; then
  # shellcheck disable=SC2034
  MIGRATION_CONFIG=$PROGRAMS/plain-url.py
  export JUPYTERHUB_UPGRADE_CONFIG="$CONFIG_PATH" JUPYTERHUB_UPGRADE_DATABASE="$DATABASE_PATH"
fi

database_aside() { printf '%s/.jupyterhub-upgrade-%s\n' "${DATABASE_PATH%/*}" "${1:-$JOB_ID}"; }

sqlite_files() { as_uid "$HUB_UID" "$HUB_GID" /bin/sh "$PROGRAMS/databases/sqlite-files.sh" "$@"; }

database_snapshot() {
  sqlite_files set-aside "$DATABASE_PATH" "$(database_aside)" || return 1
  note snapshot-digest "$(sqlite_files digest "$(database_aside)/snapshot")"
}

# Whether the snapshot is what it was when it was taken.
database_is_kept() { [ "$(sqlite_files digest "$(database_aside)/snapshot")" = "$(noted snapshot-digest)" ]; }

database_put_back() {
  if ! database_is_kept; then
    say "the snapshot in $(database_aside) is not what it was when it was taken: nothing was put back"
    return 1
  fi
  sqlite_files put-back "$DATABASE_PATH" "$(database_aside)" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$(noted snapshot-digest)" ]
}

# What the new hub wrote before it was taken back stays readable, and is reported by key.
database_keep_new() {
  sqlite_files keep-new "$DATABASE_PATH" "$(database_aside)" || {
    note lost-new-database yes
    return 0
  }
  note kept-new-database "$(database_aside)/new"
  hubdb inventory "$(database_aside)/snapshot" "$COPIES/inventory" >/dev/null &&
    hubdb inventory "$(database_aside)/new" "$COPIES/inventory.new" >/dev/null || return 0
  note written-to-new "$(hubdb compare "$COPIES/inventory" "$COPIES/inventory.new")"
}

# The payload is root's until now: it comes over stdin. What is there afterwards must be what the manifest says.
database_load() {
  sqlite_files load "$DATABASE_PATH" <"$JOB/payload/database" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$DATABASE_SIZE:$DATABASE_SHA256 " ] && return 0
  say 'the database that was put in place is not that of the backup'
  return 1
}

database_discard_snapshot() { sqlite_files discard "$DATABASE_PATH" "$(database_aside)"; }
database_kept() { printf 'the database of before in %s/snapshot\n' "$(database_aside)"; }
database_remove_kept() { sqlite_files remove "$(database_aside "$1")"; }

database_revision() { hubdb revision "$DATABASE_PATH"; }

# Of a file the inventory of before can wait until the hub is up again.
database_compare() {
  compare_with=$(database_aside)/snapshot
  if [ -e "$JOB/payload/database" ]; then compare_with=$JOB/payload/database; fi
  hubdb inventory "$compare_with" "$COPIES/inventory" >/dev/null && compare_inventories
}

# The file is set aside already.
database_empty() { sqlite_files empty "$DATABASE_PATH"; }

database_await() { :; }

# upgrade-db leaves a copy beside the database at every try, as jupyterhub.sqlite.<date>: they fill disks.
database_own_copies() { sqlite_files own-copies "$DATABASE_PATH"; }
database_remove_own_copies() { sqlite_files remove-own-copies "$DATABASE_PATH" "$1"; }

# The copy that an upgrade is rehearsed on lies beside the database: there is room for it, and it is as private.
rehearsal_directory() { printf '%s/.jupyterhub-upgrade-%s-rehearsal\n' "${DATABASE_PATH%/*}" "$JOB_ID"; }

rehearsal_copy() {
  rehearsal_copied=$1/jupyterhub.sqlite
  hubdb backup "$DATABASE_PATH" "$rehearsal_copied" >/dev/null
}

rehearsal_end_copy() { :; }
