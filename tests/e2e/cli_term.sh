#!/usr/bin/env bash
# SIGTERM to the wrapper ends the program too, and what it had written is taken in.
set -eu
"$WITNESS" corpus run s03 --before --pages 16384 --observe none >out 2>err &
wrapper=$!
# The fact waited for: the program runs, and has written records.
until size=$(stat -c %s .witness/runs/*.wit 2>/dev/null) && [ "$size" -gt 0 ]; do
	kill -0 "$wrapper" 2>/dev/null || { echo "it ended first:"; cat out err; exit 1; }
done
program=$(grep -l "^PPid:[[:space:]]$wrapper\$" /proc/[0-9]*/status 2>/dev/null | sed 's,^/proc/\([0-9]*\)/.*,\1,')
[ -n "$program" ] || { echo "no program under the wrapper"; exit 1; }
kill -TERM "$wrapper"
status=0
wait "$wrapper" || status=$?
[ "$status" = 1 ] || { echo "exit $status"; cat out err; exit 1; }
! kill -0 "$program" 2>/dev/null || { echo "the program goes on"; exit 1; }
grep -q '^witness: the program was killed by signal 15' err || { cat err; exit 1; }
grep -q '^run [0-9a-f]\{32\}$' out || { echo "not taken in:"; cat out; exit 1; }
