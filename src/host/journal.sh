# shellcheck shell=sh
# The journal and the decision of one job on the host. Sourced. Needs JOB.
#
# A line is "<centiseconds of uptime> <bytes of log> <event> <step> <rest>". It is on disk before journal() returns, so
# that a step's first effect always comes after its `begin`. A torn last line is closed with the control character TORN,
# which no whole line has, and no reader takes it for one.
TORN=$(printf '\001')

journal() {
  journal_line="$(now) $(wc -c <"$JOB/log") $(printf '%s' "$*" | tr -d '\000-\037\177')"
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
  [ -s "$JOB/journal" ] || return 0
  [ "$(tail -c 1 "$JOB/journal" | wc -l)" -eq 1 ] || printf '%s\n' "$TORN" >>"$JOB/journal"
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
  case $(decision) in abort*) return 0 ;; *) return 1 ;; esac
}
