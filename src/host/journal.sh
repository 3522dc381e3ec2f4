# shellcheck shell=sh
# The journal and the decision of one job on the host. Sourced. Needs JOB.
#
# A line is "<centiseconds> <bytes of log> <event> <step> <rest>". It is on disk before journal() returns, so that a
# step's first effect always comes after its `begin`. A torn last line is closed with the control character TORN,
# which no whole line has, and no reader takes it for one.
TORN=$(printf '\001')

# Centiseconds on the job's own clock: the uptime, which goes on through a reboot. JOB/clock has what to add, and for
# which boot.
job_time() {
  job_time_more=0
  if read -r job_time_boot job_time_offset 2>/dev/null <"$JOB/clock" && [ "$job_time_boot" = "$BOOT" ]; then
    job_time_more=$job_time_offset
  fi
  printf '%s\n' $(($(now) + job_time_more))
}

# set_clock: go on from the journal's last line after a reboot. How long the host was off only its wall clock can tell.
set_clock() {
  if read -r set_clock_boot _ 2>/dev/null <"$JOB/clock" && [ "$set_clock_boot" = "$BOOT" ]; then return 0; fi
  set_clock_last=$(sed -n 's/^\([0-9]\{1,15\}\) .*/\1/p' "$JOB/journal" | tail -n 1)
  set_clock_offset=0
  if [ -n "$set_clock_last" ]; then
    set_clock_off=$(($(date +%s) - $(stat -c %Y "$JOB/journal")))
    [ "$set_clock_off" -gt 0 ] || set_clock_off=0
    set_clock_offset=$((set_clock_last + set_clock_off * 100 - $(now)))
  fi
  printf '%s %s\n' "$BOOT" "$set_clock_offset" >"$JOB/clock.new" && mv "$JOB/clock.new" "$JOB/clock"
}

journal() {
  journal_line="$(job_time) $(wc -c <"$JOB/log") $(printf '%s' "$*" | tr -d '\000-\037\177')"
  append_line "$journal_line" && return 0
  # The disk is full: the ballast was kept for this moment.
  rm -f "$JOB/ballast"
  append_line "$journal_line"
}

append_line() {
  mend_journal
  printf '%s\n' "$1" | dd of="$JOB/journal" bs=65536 oflag=append conv=notrunc,fsync 2>/dev/null
}

# note NAME VALUE: a fact found by a step, for whoever reads the journal.
note() { journal note "$STEP" "$1" "$2"; }

# journal_has EVENT or journal_has "EVENT STEP"
journal_has() { grep -q -e "^[0-9]* [0-9]* $1\$" -e "^[0-9]* [0-9]* $1 [^$TORN]*\$" "$JOB/journal" 2>/dev/null; }

# noted NAME: the value of the newest note of that name.
noted() { sed -n "s/^[0-9]* [0-9]* note [a-z-]* $1 \([^$TORN]*\)\$/\1/p" "$JOB/journal" 2>/dev/null | tail -n 1; }

# Close a last line that was torn by a crash or a full disk, so that the next one begins on its own.
mend_journal() {
  # A newline at the end is all that a substitution drops.
  [ -z "$(tail -c 1 "$JOB/journal")" ] || printf '%s\n' "$TORN" >>"$JOB/journal"
}

# decide WORD REASON...: the one decision of this job: commit, abort or timeout. link(2) makes it atomic and the first
# one wins; prints what was decided, which may be somebody else's word.
decide() {
  if write_decision "$*" || { rm -f "$JOB/ballast" && write_decision "$*"; } && ln "$JOB/decision.$$" "$JOB/decision" 2>/dev/null; then
    journal decision - "$*"
  fi
  rm -f "$JOB/decision.$$"
  decision
}

write_decision() { printf '%s\n' "$1" | dd of="$JOB/decision.$$" conv=fsync 2>/dev/null; }

decision() { cat "$JOB/decision" 2>/dev/null; }

is_aborted() {
  read -r is_aborted_word _ 2>/dev/null <"$JOB/decision" && [ "$is_aborted_word" = abort ]
}
