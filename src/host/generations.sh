# shellcheck shell=sh
# What jobs leave on the host, and how much of it stays. Sourced by executor.sh.
#
# STATE/kept has a line "<kind> <job>" for each job that left something, oldest first. `before`: environment and database
# of before a new hub that was verified. `taken-back`: the database of a new hub that was taken back.

# keep_generation KIND: this job left that; the oldest above KEEP_HOST_BACKUPS go. May be cut and run again: a line goes
# after what it names.
keep_generation() {
  {
    grep -v " $JOB_ID\$" "$STATE/kept" 2>/dev/null
    printf '%s %s\n' "$1" "$JOB_ID"
  } >"$STATE/kept.new" && flush "$STATE/kept.new" && mv "$STATE/kept.new" "$STATE/kept" || return 0
  keep_more=$(($(grep -c "^$1 " "$STATE/kept") - KEEP_HOST_BACKUPS))
  [ "$keep_more" -gt 0 ] || return 0
  # What is newest must be there, before anything older goes.
  if [ "$1" = before ] && ! database_is_kept; then return 0; fi
  sed -n "s/^$1 //p" "$STATE/kept" | head -n "$keep_more" | while IFS= read -r keep_job; do
    [ "$1" != before ] || environment_remove_kept "$keep_job"
    database_remove_kept "$keep_job"
    grep -v " $keep_job\$" "$STATE/kept" >"$STATE/kept.new" && mv "$STATE/kept.new" "$STATE/kept"
  done
}

# Journals and logs of 30 jobs stay, and those of every job that left something.
prune_jobs() {
  # shellcheck disable=SC2012 # names of ours, newest first
  ls -t "$STATE/jobs" 2>/dev/null | tail -n +31 | while IFS= read -r prune_job; do
    # What is unfinished stays, whatever its age.
    [ "$prune_job" != "$JOB_ID" ] || continue
    tail -n 1 "$STATE/jobs/$prune_job/journal" | grep -q -e ' verdict - committed' -e ' verdict - rolled-back' -e ' verdict - not-begun' || continue
    grep -q " $prune_job\$" "$STATE/kept" 2>/dev/null || rm -rf "${STATE:?}/jobs/$prune_job"
  done
}
