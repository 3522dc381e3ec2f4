#!/bin/sh
# sqlite-files.sh VERB PATHS...: the files of an SQLite database (with -wal and -journal), set aside and put back.
# Runs as the hub's user while the hub is stopped. -shm is SQLite's own scratch: rebuilt at the next open.
# Every verb may be killed and run again.
set -eu
umask 077

flush() { sync -- "$@" 2>/dev/null || sync; }

# place_link FROM TO: TO becomes FROM's file by one rename, FROM stays. The name in between may be left from a run that was
# cut, as a second name of a file that must not be written to.
place_link() {
  rm -f "$2.jupyterhub-upgrade"
  # shellcheck disable=SC3013 # dash and busybox know -ef; mv refuses two names of one file
  [ ! "$1" -ef "$2" ] || return 0
  ln "$1" "$2.jupyterhub-upgrade"
  mv -f "$2.jupyterhub-upgrade" "$2"
}

place_copy() {
  rm -f "$2.jupyterhub-upgrade"
  cp -p --reflink=auto "$1" "$2.jupyterhub-upgrade" 2>/dev/null || cp -p "$1" "$2.jupyterhub-upgrade"
  flush "$2.jupyterhub-upgrade"
  mv -f "$2.jupyterhub-upgrade" "$2"
}

case $1 in
  # The original file is set aside by a second name and a copy takes its place: the way back is a rename.
  set-aside)
    database=$2 aside=$3
    mkdir -p "$aside"
    [ -f "$database" ] || [ -e "$aside/snapshot" ] || : >"$aside/absent"
    for suffix in '' -wal -journal; do
      [ -f "$database$suffix" ] || continue
      [ -e "$aside/snapshot$suffix" ] || ln "$database$suffix" "$aside/snapshot$suffix"
      place_copy "$aside/snapshot$suffix" "$database$suffix"
    done
    flush "$aside"/* "$aside" "${database%/*}"
    ;;
  # First the new log goes (it belongs to the new file), then the old file comes, then its own log.
  put-back)
    database=$2 aside=$3
    rm -f "$database-wal" "$database-journal" "$database-shm"
    [ ! -e "$aside/absent" ] || rm -f "$database"
    for suffix in '' -wal -journal; do
      [ ! -f "$aside/snapshot$suffix" ] || place_link "$aside/snapshot$suffix" "$database$suffix"
    done
    flush "$database" "${database%/*}"
    ;;
  empty) rm -f "$2-wal" "$2-journal" "$2-shm" "$2" ;;
  keep-new)
    database=$2 aside=$3
    [ ! -e "$aside/new" ] || exit 0
    # Second names, which need no room: put-back takes the first ones away.
    for suffix in -wal -journal ''; do
      [ ! -f "$database$suffix" ] || [ -e "$aside/new$suffix" ] || ln "$database$suffix" "$aside/new$suffix"
    done
    ;;
  # A backup's file (stdin) becomes the database, with the mode that the old one had.
  load)
    database=$2
    rm -f "$database-wal" "$database-journal" "$database-shm" "$database.jupyterhub-upgrade"
    [ ! -e "$database" ] || cp -p "$database" "$database.jupyterhub-upgrade"
    cat >"$database.jupyterhub-upgrade"
    flush "$database.jupyterhub-upgrade"
    mv -f "$database.jupyterhub-upgrade" "$database"
    ;;
  # Size and digest of the file and its logs, one line.
  digest)
    for suffix in '' -wal -journal; do
      [ ! -f "$2$suffix" ] || printf '%s%s:%s ' "$(wc -c <"$2$suffix")" "$suffix" "$(sha256sum <"$2$suffix" | cut -d' ' -f1)"
    done
    echo
    ;;
  # After a rollback: the snapshot is the live file again; what the new hub wrote stays.
  discard)
    database=$2 aside=$3
    # Names of copies that were cut.
    rm -f "$database.jupyterhub-upgrade" "$database-wal.jupyterhub-upgrade" "$database-journal.jupyterhub-upgrade"
    rm -f "$aside/snapshot" "$aside/snapshot-wal" "$aside/snapshot-journal" "$aside/snapshot-shm" "$aside/absent"
    rmdir "$aside" 2>/dev/null || :
    ;;
  remove) rm -rf "$2" ;;
  own-copies) find "${2%/*}" -maxdepth 1 -type f -name "${2##*/}.[0-9][0-9][0-9][0-9]-[0-9]*" | sort ;;
  remove-own-copies)
    sh "$0" own-copies "$2" | while IFS= read -r copy; do
      printf '%s\n' "$3" | grep -qxF -- "$copy" || rm -f "$copy"
    done
    ;;
esac
