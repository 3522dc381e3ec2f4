# shellcheck shell=sh
# The upgrade tried beside the running hub: the staged environment loads the hub's configuration, a copy of the database
# takes the way of the real one, and a trial hub starts on it. Sourced by executor.sh.
#
# All of it lies in one private directory of the hub's user. It is gone when the step is over, however it is.

do_rehearse() {
  rehearsal=$(rehearsal_directory)
  # What to ask a new hub is said in the copy only.
  rehearsal_token=''
  rehearsal_before=''
  rehearsal_copied=$rehearsal/fresh.sqlite
  as_hub_user mkdir -m 700 "$rehearsal" || return 1
  rehearse_configuration && rehearse_database && rehearse_hub && rehearse_report || return 1
  undo_rehearse
}

undo_rehearse() {
  rehearsal_end_copy
  as_hub_user rm -rf "$(rehearsal_directory)"
}

# --- what the staged environment makes of the configuration --------------------------------------------------------------

rehearse_configuration() {
  say "loading the configuration with JupyterHub $TARGET_VERSION"
  rehearsal_authenticator=$(in_copy "$(environment_stage_path)" as_hub "$HUB_PYTHON" "$PROGRAMS/rehearsal/load.py" "$CONFIG_PATH" 2>"$JOB/rehearsal.log") && return 0
  say "the configuration does not work with JupyterHub $TARGET_VERSION: $(tail -n 1 "$JOB/rehearsal.log")"
  return 1
}

# --- a copy of the database, and its migration ---------------------------------------------------------------------------

rehearse_database() {
  # A fresh one is made by the trial hub, as by the real one.
  [ "$DATABASE_STRATEGY" != fresh ] || return 0
  rehearse_access_before || return 1
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_copy copy || return 1
  rehearse_token && hubdb inventory "$rehearsal_copied" "$rehearsal/inventory" >/dev/null || return 1
  [ "$PREVIOUS_REVISION" != "$(noted head)" ] || return 0
  rehearsal_began=$(now)
  if ! rehearse_migration; then
    note copy-not-migrated yes
    return 1
  fi
  note seconds "migrate $(($(now) - rehearsal_began))"
}

rehearse_migration() {
  for rehearsal_hop in $HOPS; do
    say "migrating the copy by way of JupyterHub $rehearsal_hop"
    rehearse_upgrade_db "$(noted "hop $rehearsal_hop")" environment_in_hop "$rehearsal_hop" || return 1
  done
  say "migrating the copy to JupyterHub $TARGET_VERSION"
  rehearse_upgrade_db "$(noted head)" in_copy "$(environment_stage_path)" as_hub "$HUB_PYTHON"
}

# rehearse_copy NAME: sets rehearsal_copied, for hubdb; to nothing where a server's database cannot be copied for that.
rehearse_copy() {
  as_hub_user mkdir "$rehearsal/$1" || return 1
  rehearsal_copy "$rehearsal/$1" && return 0
  [ $? -eq 3 ] || return 1
  rehearsal_copied=''
  note no-migration "no copy of the database could be made beside it ($(tail -n 1 "$JOB/rehearsal.log"))"
}

# A token of before: a given one, or one that is made in the copy by the old release, as one that a user has.
rehearse_token() {
  rehearsal_token=$HEALTH_TOKEN
  [ -n "$MINT_TOKEN" ] || return 0
  printf '%s\n' "$HEALTH_TOKEN" | as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token create --expires 3600 \
    ${TOKEN_USER:+--user "$TOKEN_USER"} "$rehearsal_copied" >/dev/null && return 0
  rehearsal_token=''
  no_token
}

# rehearse_upgrade_db REVISION PYTHON...: as upgrade_db, of the copy.
rehearse_upgrade_db() {
  rehearsal_revision=$1
  shift
  if ! (
    export JUPYTERHUB_UPGRADE_CONFIG="$CONFIG_PATH" JUPYTERHUB_UPGRADE_COPY="$rehearsal_copied"
    "$@" -m jupyterhub upgrade-db -f "$PROGRAMS/rehearsal/migration_config.py"
  ) >"$JOB/rehearsal.log" 2>&1; then
    cat "$JOB/rehearsal.log" >&2
    say "a copy of the database cannot be migrated: $(rehearse_cause)"
    return 1
  fi
  rehearsal_after=$(hubdb revision "$rehearsal_copied") || return 1
  if [ "$rehearsal_after" != "$rehearsal_revision" ]; then
    say "upgrade-db ended well, but the copy of the database is at revision $rehearsal_after and not at $rehearsal_revision"
    return 1
  fi
  hubdb inventory "$rehearsal_copied" "$rehearsal/inventory.now" >/dev/null &&
    hubdb compare "$rehearsal/inventory" "$rehearsal/inventory.now" >"$JOB/rehearsal.compare" || return 1
  grep -q '"complete": true' "$JOB/rehearsal.compare" && return 0
  say 'users, groups or tokens that were there before are missing in a copy of the database that was migrated'
  return 1
}

# The error that a traceback of several ends with; that alembic failed says nothing.
rehearse_cause() {
  grep -E '^[A-Za-z_][A-Za-z_.]*(Error|Exception)\b' "$JOB/rehearsal.log" | grep -v CalledProcessError | tail -n 1 | cut -c 1-400
}

# --- a trial hub on the copy -----------------------------------------------------------------------------------------------

# Isolated by the kernel, a trial hub can reach nobody, whatever the classes do that the configuration names. Without, only
# JupyterHub's own are started: of those all is known.
rehearse_place() {
  [ -z "${rehearsal_place:-}" ] || return 0
  rehearsal_net=--net rehearsal_place=isolated
  apart_from_all true 2>/dev/null && reaches_copy && return 0
  rehearsal_net='' rehearsal_place=replaced
  [ "$rehearsal_authenticator" = own ] && apart_from_all true 2>/dev/null && return 0
  rehearsal_place=none
}

# A server that is reached over the network is not there without one.
reaches_copy() {
  case $rehearsal_copied in
    @*) in_copy_by apart_from_all "$ENVIRONMENT_PATH" as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" revision "$rehearsal_copied" >/dev/null 2>&1 ;;
  esac
}

# apart_from_all COMMAND...: in mount, network and process namespaces of its own.
apart_from_all() (
  export DATABASE_PATH
  set -- /bin/sh "$PROGRAMS/rehearsal/isolated.sh" "${rehearsal_net:-with-network}" "$@"
  set -- --mount --ipc --pid --fork --kill-child --propagation private "$@"
  [ -z "$rehearsal_net" ] || set -- --net "$@"
  [ "$(id -u)" = 0 ] || set -- --user --map-root-user "$@"
  exec unshare "$@"
)

# trial_in ENVIRONMENT PROGRAM ARGS...: as the hub runs, with that environment at the original path.
trial_in() {
  trial_environment=$1 trial_program=$PROGRAMS/rehearsal/$2
  shift 2
  in_copy_by apart_from_all "$trial_environment" as_hub "$HUB_PYTHON" "$trial_program" "$@"
}

# The old release is asked on a copy of its own, which a hub changes. It is set up and not started.
rehearse_access_before() {
  say 'copying the database'
  rehearsal_began=$(now)
  rehearse_copy before || return 1
  note seconds "copy $(($(now) - rehearsal_began))"
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_place
  if [ "$rehearsal_place" = none ]; then
    rehearsal_end_copy
    return 0
  fi
  say "asking JupyterHub $PREVIOUS_VERSION whom it lets in"
  if trial_in "$ENVIRONMENT_PATH" trial_hub.py "$CONFIG_PATH" "$rehearsal_copied" "$rehearsal/before.json" >"$JOB/rehearsal.log" 2>&1; then
    rehearsal_before=$rehearsal/before.json
  else
    tail -n 20 "$JOB/rehearsal.log" >&2
    say "JupyterHub $PREVIOUS_VERSION could not be asked"
  fi
  rehearsal_end_copy
}

rehearse_hub() {
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_place
  if [ "$rehearsal_place" = none ]; then
    rehearse_without "it could not be kept from the world here, and what $rehearsal_authenticator does at the start of a hub is not known"
    return 0
  fi
  say "starting a trial hub of JupyterHub $TARGET_VERSION on the copy"
  printf '%s\n' "$rehearsal_token" | trial_in "$(environment_stage_path)" trial.py "$CONFIG_PATH" "$rehearsal_copied" \
    "$rehearsal/after.json" "$rehearsal_before" "$TARGET_VERSION" "$LIMIT_START" >"$JOB/rehearsal.trial" 2>"$JOB/rehearsal.log"
  rehearsal_status=$?
  rehearsal_why=$(tail -n 1 "$JOB/rehearsal.log")
  case $rehearsal_status in
    0)
      note trial "$rehearsal_place"
      note seconds "start $(rehearsal_told start)"
      note seconds "stop $(rehearsal_told stop)"
      [ -n "$rehearsal_token" ] || note not-rehearsed 'an API call with a token made before the upgrade'
      ;;
    5) rehearse_without "without a network it did not work: $rehearsal_why" ;;
    *)
      as_hub_user tail -n 40 "$rehearsal/after.json.log" >&2
      say "a trial hub of JupyterHub $TARGET_VERSION did not work: $rehearsal_why"
      return 1
      ;;
  esac
}

rehearsal_told() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$JOB/rehearsal.trial"; }

rehearse_without() {
  say "no trial hub is started: $1"
  note no-trial "$1"
}

# --- what came of it -------------------------------------------------------------------------------------------------------

# Names stay in a file of this job's, for the sealed backup; counts go into the journal.
rehearse_report() {
  as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/rehearsal/access.py" "$rehearsal/before.json" "$rehearsal/after.json" \
    >"$JOB/access.json" || return 1
  note rehearsed "$(sed -n 1p "$JOB/access.json")"
}
