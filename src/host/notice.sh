#!/bin/sh
# notice.sh put TEMPLATE NOTICE_FILE | notice.sh withdraw TEMPLATE
# A notice on the running hub's pages: Jinja reads the template again when it changed. Runs as the template's owner.
# The original is kept as a hard link, so that withdrawing gives back the very same file.
set -eu
template=$2
original=$template.before-jupyterhub-upgrade
case $1 in
  put)
    [ -r "$3" ]
    [ -e "$original" ] || ln "$template" "$original"
    rm -f "$template.new"
    cp -p "$original" "$template.new"
    awk -v notice="$3" '
      { print }
      !done && /\{%-? *block announcement *-?%\}/ {
        while ((getline line <notice) > 0) print line
        done = 1
      }
      END { exit !done }' "$original" >"$template.new" || {
      rm -f "$template.new" "$original"
      echo "$template has no announcement block" >&2
      exit 1
    }
    mv -f "$template.new" "$template"
    ;;
  withdraw)
    rm -f "$template.new"
    # mv refuses two names of one file, which a put that was cut leaves.
    # shellcheck disable=SC3013 # dash and busybox know -ef
    if [ "$original" -ef "$template" ]; then rm -f "$original"; fi
    [ ! -e "$original" ] || mv -f "$original" "$template"
    ;;
esac
