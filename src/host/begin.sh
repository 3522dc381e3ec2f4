#!/bin/sh
# begin.sh PHASE_DIRECTORY: make the job's directory, ship the programs into it and start its executor, detached from
# this SSH session. Starting the same job again attaches to it. Prints nothing.
set -u
phase=$1
PROGRAMS=$phase
# shellcheck source=common.sh
. "$phase/common.sh"
# shellcheck source=/dev/null
. "$phase/parameters"

# Built beside and renamed: a connection lost in the middle leaves no half job.
prepare() {
  # The hub's user goes through to the programs; who may not list a directory cannot guess its names.
  mkdir -p "$STATE/jobs" && chmod 711 "${STATE%/*}" "$STATE" "$STATE/jobs" || return 1
  new=$(mktemp -d "$STATE/jobs/.new.XXXXXX") && chmod 711 "$new" && mkdir "$new/programs" || return 1
  (cd "$phase" && cp -R ./*.sh ./*.py services environments databases hubdb rehearsal "$new/programs/") || return 1
  find "$new/programs" -type d -exec chmod 755 {} + && find "$new/programs" -type f -exec chmod 644 {} + || return 1
  # The secret stands on the first line. A line like it further down is a part of some value.
  sed 1d "$phase/parameters" >"$new/parameters" || return 1
  head -n 1 "$phase/parameters" | grep '^HEALTH_TOKEN=' >"$new/secrets" || return 1
  hub_environment "$new/hub.env" "$HUB_BIN" && reach_database "$new" || return 1
  # Inventories, and copies of a server's tables.
  mkdir "$new/database" && chmod 700 "$new/database" && chown "$HUB_UID:$HUB_GID" "$new/database" || return 1
  if [ -d "$phase/payload/wheels" ]; then
    # For the owner of the environment to read, and for nobody to write: who installs them may be root.
    mv "$phase/payload/wheels" "$new/wheels" && chmod 755 "$new/wheels" && chmod 644 "$new/wheels"/* || return 1
  fi
  if [ -d "$phase/payload" ]; then
    # The directory stays ours: root opens its files by name.
    cp -R "$phase/payload" "$new/payload" && chmod 711 "$new/payload" || return 1
    find "$new/payload" -type f -exec chown "$HUB_UID:$HUB_GID" {} + || return 1
    [ ! -e "$new/payload/requirements" ] || chmod 644 "$new/payload/requirements" || return 1
  fi
  : >"$new/log" && : >"$new/journal" || return 1
  # A power cut must not leave a job of empty programs.
  find "$new" -type f -exec sync -- {} + 2>/dev/null || sync
  mv -T "$new" "$JOB" && flush "$STATE/jobs"
}

if [ ! -d "$JOB" ] && ! prepare; then
  rm -rf "${new:-}"
  die "the job's directory $JOB could not be made"
fi
sh "$phase/launch.sh" "$JOB"
