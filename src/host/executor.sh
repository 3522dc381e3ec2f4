#!/bin/sh
# executor.sh run JOB         own one job from its first step to its verdict, or take it up where a killed one left it
# executor.sh watch JOB       run it, and run it again when it dies without a verdict (hosts without systemd)
# executor.sh step|undo JOB NAME EXECUTOR   one step, or its way back, in a session of its own, for that executor (a pid)
# executor.sh decide JOB WORD REASON...
#
# JOB holds: parameters, secrets (both sh assignments), journal, log, decision, go. Everything else is the steps' own.
# The rules: `begin` is on disk before a step's first effect; undo goes in reverse order, is idempotent and never needs
# the journal; the first decision wins.
set -u

PROGRAMS=$(cd "$(dirname "$0")" && pwd)
verb=$1
JOB=$2
STEP=-
# shellcheck source=common.sh
. "$PROGRAMS/common.sh"
# shellcheck source=journal.sh
. "$PROGRAMS/journal.sh"
# shellcheck source=/dev/null
. "$JOB/parameters"
HEALTH_TOKEN=''
# shellcheck source=/dev/null
[ ! -e "$JOB/secrets" ] || . "$JOB/secrets"
# shellcheck source=unit.sh
. "$PROGRAMS/unit.sh"
# shellcheck source=services/systemd.sh
. "$PROGRAMS/services/$SERVICE_MANAGER.sh"
# shellcheck source=environment.sh
. "$PROGRAMS/environment.sh"
# shellcheck source=environments/pip.sh
. "$PROGRAMS/environments/$PACKAGE_MANAGER.sh"
# shellcheck source=proxy.sh
. "$PROGRAMS/proxy.sh"
# shellcheck source=databases/sqlite.sh
. "$PROGRAMS/databases/$DATABASE_DIALECT.sh"
# shellcheck source=generations.sh
. "$PROGRAMS/generations.sh"
# shellcheck source=rehearsal/rehearsal.sh
. "$PROGRAMS/rehearsal/rehearsal.sh"
# shellcheck source=steps.sh
. "$PROGRAMS/steps.sh"

# --- one step, under supervision ---------------------------------------------------------------------------------

# limit_of STEP or limit_of undo_STEP, in seconds
limit_of() { eval "printf '%s' \"\${LIMIT_$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]'):-120}\""; }

# An abort is heeded until the host's own verify is done; stop and start run to their end first, so that the way back
# always begins from a service that is not half-way between two states.
heeds_abort() {
  case $1 in stop | start) return 1 ;; *) return 0 ;; esac
}

# Downtime so far in centiseconds; 0 before the stop and once the new hub has answered.
downtime() {
  downtime_from=$(sed -n 's/^\([0-9]*\) [0-9]* begin stop$/\1/p' "$JOB/journal" | head -n 1)
  if [ -z "$downtime_from" ] || [ -n "$(noted up)" ]; then
    echo 0
  else
    echo $(($(job_time) - downtime_from))
  fi
}

# apart step|undo NAME: in a session of its own, which holds none of our locks. Ends this (sub)shell.
apart() { exec setsid sh "$PROGRAMS/executor.sh" "$1" "$JOB" "$2" "$$" </dev/null 8<&- 9<&-; }

run_step() {
  journal begin "$1" || {
    say "the journal cannot be written: step $1 is not begun"
    return 1
  }
  run_step_limit=$(limit_of "$1")
  run_step_deadline=$(($(now) + run_step_limit * 100))
  run_step_reason=''
  apart step "$1" &
  run_step_pid=$!
  run_step_tick=0
  while kill -0 "$run_step_pid" 2>/dev/null; do
    if heeds_abort "$1" && is_aborted; then
      run_step_reason="asked to abort: $(decision | cut -d' ' -f2-)"
    elif [ "$(now)" -gt "$run_step_deadline" ]; then
      run_step_reason="not done after $run_step_limit s"
    elif [ $((run_step_tick % 10)) -eq 9 ] && [ "$(downtime)" -gt $((MAX_DOWNTIME * 100)) ]; then
      run_step_reason="max-downtime of $MAX_DOWNTIME s exceeded"
    fi
    [ -z "$run_step_reason" ] || kill_session "$run_step_pid"
    run_step_tick=$((run_step_tick + 1))
    sleep 0.1
  done
  wait "$run_step_pid"
  run_step_code=$?
  kill_session "$run_step_pid"
  if [ -z "$run_step_reason" ] && [ "$run_step_code" -eq 0 ]; then
    journal 'done' "$1"
    return 0
  fi
  journal fail "$1" "${run_step_reason:-exit status $run_step_code}"
  return 1
}

# --- the way back ------------------------------------------------------------------------------------------------

# Whatever a dead executor left running must not write while its work is undone. Numbers of another boot are others'.
kill_sessions() {
  sed -n "s/^[0-9]* [0-9]* session [a-z-]* \([0-9]*\) \([0-9]*@$BOOT\)\$/\1 \2/p" "$JOB/journal" | while read -r kill_sid kill_start; do
    # A session outlives its leader, which may stay a zombie; a recycled number does not lead a session that began earlier.
    if is_alive "$kill_sid" "$kill_start" || [ -z "$(start_time "$kill_sid")" ]; then kill_session "$kill_sid"; fi
  done
}

undo_step() {
  undo_step_limit=$(limit_of "undo_$1")
  undo_step_deadline=$(($(now) + undo_step_limit * 100))
  # Not in the foreground, where a TERM would have to wait, too.
  apart undo "$1" &
  undo_step_pid=$!
  while kill -0 "$undo_step_pid" 2>/dev/null; do
    if [ "$(now)" -gt "$undo_step_deadline" ]; then
      kill_session "$undo_step_pid"
      say "the way back of $1 was not done after $undo_step_limit s"
      return 1
    fi
    sleep 0.05
  done
  wait "$undo_step_pid"
}

roll_back() {
  leave_to_boot
  kill_sessions
  roll_back_reverse=''
  # shellcheck disable=SC2153 # STEPS is a parameter
  for roll_back_step in $STEPS; do roll_back_reverse="$roll_back_step $roll_back_reverse"; done
  for roll_back_step in $roll_back_reverse; do
    journal_has "begin $roll_back_step" || continue
    journal_has "undone $roll_back_step" && continue
    journal undo "$roll_back_step"
    if undo_step "$roll_back_step"; then
      journal undone "$roll_back_step"
    else
      leave_to_boot
      journal undo-failed "$roll_back_step"
      finish rollback-failed
    fi
  done
  if journal_has 'begin stop'; then finish rolled-back; else finish not-begun; fi
}

# While the system goes down nothing can be started, and what ends has not failed: the next boot takes the job up.
leave_to_boot() {
  [ -e "$(executor_unit_file)" ] || return 0
  [ "$(systemctl is-system-running 2>/dev/null)" = stopping ] || return 0
  say 'the system goes down: the next boot takes this job up'
  exit 1
}

# --- the whole job -----------------------------------------------------------------------------------------------

# The verdict comes last: whoever waits for it finds that the secrets are gone. After a way back that failed, what it
# needs to be tried again by hand stays.
finish() {
  rm -f "$JOB/secrets" "$JOB/ballast" "$JOB/go" "$JOB/token"* "$JOB/access.json" "$JOB/rehearsal."*
  if [ "$1" != rollback-failed ]; then
    rm -f "$JOB/hub.env" "$JOB/database.json" "$JOB/database/inventory"* "$JOB/to-put-back"
    rm -rf "$JOB/payload" "$JOB/wheels"
  fi
  prune_jobs
  journal verdict - "$1"
  disable_executor_unit
  exit 0
}

is_kept() {
  case $(decision) in commit* | timeout*) return 0 ;; *) return 1 ;; esac
}

run() {
  exec >>"$JOB/log" 2>&1
  trap 'exit 143' TERM
  # One executor a job. What a killed one left holding this lock ends in a moment.
  exec 8<"$JOB" || exit 1
  run_tries=0
  until flock -n 8; do
    [ "$run_tries" -lt 30 ] || exit 1
    run_tries=$((run_tries + 1))
    sleep 0.1
  done
  set_clock
  mend_journal
  if journal_has verdict; then
    disable_executor_unit
    exit 0
  fi
  start=$(start_time $$)
  printf '%s %s\n' "$$" "$start" >"$JOB/executor.new" && mv "$JOB/executor.new" "$JOB/executor"
  # The lock is the hub's working directory itself: nothing to create, no link to follow, nothing left behind.
  exec 9<"$HUB_DIRECTORY" || exit 1
  until flock -n 9; do
    # A job that was open before waits: its hub may be down. What holds the lock then (a backup) ends.
    if ! journal_has open; then
      say 'another run of jupyterhub-upgrade holds this hub'
      journal fail lock 'another run holds this hub'
      finish not-begun
    fi
    sleep 1
  done
  if ! journal_has open; then
    dd if=/dev/zero of="$JOB/ballast" bs=65536 count=4 conv=fsync 2>/dev/null
    journal open - "$OWNER" || exit 1
    note previous-version "$PREVIOUS_VERSION"
    note target-version "$TARGET_VERSION"
    note was-running "$WAS_RUNNING"
  else
    kill_sessions
    clean_phases
    # A killed executor's open step cannot be known: after the host's own verify the new hub stays, before it the old
    # one comes back.
    journal_has 'done verify' || decide abort 'the executor died' >/dev/null
    journal_has 'done verify' || is_kept || roll_back
  fi
  is_aborted && roll_back
  for step in $STEPS; do
    journal_has "done $step" && continue
    if ! run_step "$step"; then
      # Once the host has verified the new hub, only a word takes it back: a dead step is silence.
      if journal_has 'done verify'; then decide timeout "step $step" >/dev/null; else decide abort "step $step" >/dev/null; fi
      is_kept || roll_back
    fi
    is_aborted && roll_back
  done
  # What was only rehearsed leaves nothing behind.
  case $STEPS in *rehearse) roll_back ;; esac
  is_kept || decide timeout 'nobody said no' >/dev/null
  is_kept || roll_back
  tidy
  finish committed
}

case $verb in
  run) run ;;
  watch)
    attempt=0
    while [ "$attempt" -lt 5 ]; do
      sh "$PROGRAMS/executor.sh" run "$JOB" && exit 0
      attempt=$((attempt + 1))
      sleep 1
    done
    ;;
  step | undo)
    STEP=$3
    EXECUTOR=$4
    journal session "$STEP" "$$ $(start_time $$)" || [ "$verb" = undo ] || exit 1
    # Whoever takes the job over from a dead executor ends the sessions it reads of. One that it cannot have read of yet
    # ends itself.
    [ -n "$(start_time "$EXECUTOR")" ] || exit 1
    case $verb in
      step) "do_$STEP" ;;
      undo) "undo_$STEP" ;;
    esac
    ;;
  decide)
    shift 2
    decide "$@"
    ;;
esac
