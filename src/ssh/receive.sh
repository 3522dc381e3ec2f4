# shellcheck shell=sh
# The constant command of every phase. On stdin: a marker, the name of the program to run, and a tar with everything.
# It travels as one line between single quotes through whatever login shell the user has, csh and fish included:
# no single quote, backslash or exclamation mark, and lines that can be joined with spaces.

IFS= read -r marker && IFS= read -r script || exit 1;
# What came before the marker is noise of the login shell.
echo "$marker"; echo "$marker" >&2;
umask 077; cd /;
# A payload may be large, and /tmp is often memory.
phase=$(mktemp -d /var/tmp/jupyterhub-upgrade.XXXXXX 2>/dev/null || mktemp -d) || exit 1;
# Whoever finds it later can tell whether it is still in use.
echo "$$ $(cat /proc/sys/kernel/random/boot_id)" >"$phase/owner";
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() { rm -rf "$phase"; };
trap clean EXIT; trap "exit 129" HUP; trap "exit 130" INT; trap "exit 143" TERM;
# A tar that is cut between two files looks whole: the last file proves that it is.
tar -xpozf - -C "$phase" && [ -e "$phase/complete" ] || exit 1;
# Listed, too: so Python finds a module, also for the user of the hub. What is private in it is closed itself.
chmod 755 "$phase";
/bin/sh "$phase/$script" "$phase" </dev/null;
exit;
