#!/bin/sh
# files.sh put TARGET MODE OWNER SUFFIX   stdin takes TARGET's place; what was there is kept with SUFFIX
# files.sh put-back TARGET SUFFIX         the way back
# Runs as the user whose directory it is.
set -eu
umask 077
case $1 in
  put)
    target=$2 suffix=$5
    cat >"$target.new$suffix"
    if cmp -s "$target.new$suffix" "$target"; then
      rm -f "$target.new$suffix"
      exit 0
    fi
    chmod "$3" "$target.new$suffix"
    [ "$(id -u)" != 0 ] || chown -- "$4" "$target.new$suffix"
    if [ -e "$target" ]; then
      [ -e "$target$suffix" ] || ln "$target" "$target$suffix"
    else
      : >"$target.absent$suffix"
    fi
    mv -f "$target.new$suffix" "$target"
    echo "$target was replaced; what was there is $target$suffix" >&2
    ;;
  put-back)
    target=$2 suffix=$3
    rm -f "$target.new$suffix"
    # mv refuses two names of one file, which a put that was cut leaves.
    # shellcheck disable=SC3013 # dash and busybox know -ef
    if [ "$target$suffix" -ef "$target" ]; then rm -f "$target$suffix"; fi
    if [ -e "$target$suffix" ]; then mv -f "$target$suffix" "$target"; fi
    if [ -e "$target.absent$suffix" ]; then rm -f "$target" "$target.absent$suffix"; fi
    ;;
esac
