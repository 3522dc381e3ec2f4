#!/bin/sh
# follow.sh PHASE_DIRECTORY: stream the job's journal and log from the given offsets (JOURNAL_OFFSET, LOG_OFFSET, bytes)
# until the verdict, or until UNTIL ("<event> <step>") stands in the journal.
# Frames on stdout: "journal <length>\n" or "log <length>\n", then that many bytes. Ends with "end verdict", "end until"
# or "end dead" (no executor lives and none gave a verdict).
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=journal.sh
. "$1/journal.sh"
# shellcheck source=/dev/null
. "$1/parameters"

size_of() { wc -c 2>/dev/null <"$JOB/$1" || echo 0; }

# frame NAME OFFSET SIZE: send what of the file's first SIZE bytes follows OFFSET; sets the new offset in frame_offset.
frame() {
  frame_offset=$2
  [ "$3" -gt "$2" ] || return 0
  printf '%s %s\n' "$1" "$(($3 - $2))"
  tail -c "+$(($2 + 1))" "$JOB/$1" | head -c "$(($3 - $2))"
  frame_offset=$3
}

end=''
quiet=0
while :; do
  # The state is read before the files, so that what led to it is in them.
  if journal_has verdict; then
    end='end verdict'
  elif [ -n "$UNTIL" ] && journal_has "$UNTIL"; then
    end='end until'
  elif ! read -r pid start 2>/dev/null <"$JOB/executor" || ! is_alive "$pid" "$start"; then
    # A unit that systemd restarts is away for a moment.
    quiet=$((quiet + 1))
    [ "$quiet" -lt 25 ] || end='end dead'
  else
    quiet=0
  fi
  # A line of the journal says where in the log it belongs: no log is sent before the lines that stand in it.
  log_size=$(size_of log)
  frame journal "$JOURNAL_OFFSET" "$(size_of journal)"
  JOURNAL_OFFSET=$frame_offset
  frame log "$LOG_OFFSET" "$log_size"
  LOG_OFFSET=$frame_offset
  [ -z "$end" ] || break
  sleep 0.2
done
printf '%s\n' "$end"
