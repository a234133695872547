#!/usr/bin/env bash
# Run files that are none, newer, cut, damaged, or not complete: what is good is stored, how much was not is said.
set -eu
fail() { echo "$@"; exit 1; }
mkrun=$BUILD/tests/e2e/mkrun
status_is() { # status_is WANTED COMMAND...
	local wanted=$1 status=0
	shift
	"$@" >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat out err)"
}
one_line() { [ "$(wc -l <err)" = 1 ] || fail "not one line: $(cat err)"; grep -qF -- "$1" err || fail "does not say '$1': $(cat err)"; }

"$mkrun" whole.wit 1 edge=A,B edge=B,A unknown >id
status_is 0 "$WITNESS" --db a.db import whole.wit
grep -q "^run $(cat id) " out || fail "the run's id is not printed: $(cat out)"
[ ! -s err ] || fail "said: $(cat err)"
status_is 0 "$WITNESS" --db a.db import whole.wit
status_is 0 "$WITNESS" --db a.db report
cp a.db was.db

# Not run files: status 2, and no store is made for them.
echo 'not a run file' >text.wit
status_is 2 "$WITNESS" --db none.db import text.wit
one_line 'not a run file'
status_is 2 "$WITNESS" --db none.db import missing.wit
one_line 'missing.wit'
status_is 2 "$WITNESS" --db none.db import .
one_line 'not a file'
head -c 100 whole.wit >short.wit
status_is 2 "$WITNESS" --db none.db import short.wit
one_line 'header'
"$mkrun" newer.wit 1 edge=A,B version=2 >/dev/null
status_is 2 "$WITNESS" --db none.db import newer.wit
one_line 'version 2'
[ ! -e none.db ] || fail "a store was made of nothing"
# One of several: the others are taken, the status is that of the worst.
"$mkrun" second.wit 2 as=/second edge=C,D >/dev/null
status_is 2 "$WITNESS" --db a.db import text.wit second.wit
status_is 0 "$WITNESS" --db a.db report --run all
grep -q 'C -> D' out || fail "the good file beside the bad one was not imported"

# Cut in the middle of a record, and a bit turned: salvaged, status 3, and said.
head -c $(($(stat -c %s whole.wit) - 300)) whole.wit >cut.wit
for file in cut.wit; do
	rm -f c.db*
	status_is 3 "$WITNESS" --db c.db import $file
	one_line 'incomplete'
	for command in report gate; do
		wanted=3
		[ $command = report ] || wanted=1 # it has a finding: 1 beats 3
		status_is $wanted "$WITNESS" --db c.db $command
		grep -q 'A -> B -> A' out || fail "$file: the good records were not salvaged: $(cat out)"
		grep -qi 'incomplete\|not complete' out || fail "$file: $command does not say that it is not complete"
	done
	status_is 3 "$WITNESS" dump $file
done
"$mkrun" clean.wit 3 edge=A,B >/dev/null
printf '\377' | dd of=clean.wit bs=1 seek=$((4096 + 20)) conv=notrunc status=none
status_is 3 "$WITNESS" --db d.db import clean.wit
one_line 'incomplete'
status_is 3 "$WITNESS" --db d.db gate
status_is 3 "$WITNESS" --db d.db report
status_is 3 "$WITNESS" dump clean.wit
grep -q '^records=[0-9]* .*bad_spans=[1-9]' out || fail "dump does not count what was bad: $(tail -n 1 out)"

# Lost records, and a record that names what is not there.
"$mkrun" lost.wit 4 edge=A,B lost=5 >/dev/null
status_is 3 "$WITNESS" --db e.db import lost.wit
status_is 3 "$WITNESS" --db e.db gate
grep -q 'lost: 5 records' out || fail "the gate does not say what was lost: $(cat out)"
status_is 3 "$WITNESS" dump lost.wit
"$mkrun" orphan.wit 5 edge=A,B orphan >/dev/null
status_is 3 "$WITNESS" --db f.db import orphan.wit
one_line '1 records missing'
status_is 3 "$WITNESS" --db f.db gate

# Killed, or still running: shown so, and complete as far as it went.
"$mkrun" running.wit 6 edge=A,B noend >/dev/null
status_is 0 "$WITNESS" --db g.db import running.wit
grep -q 'no end record' out || fail "import does not say that the run has no end: $(cat out)"
status_is 0 "$WITNESS" --db g.db gate
grep -q 'no end record' out || fail "the gate does not say that the run has no end: $(cat out)"
"$mkrun" running.wit 6 edge=A,B edge=B,A >/dev/null
status_is 0 "$WITNESS" --db g.db import running.wit
status_is 1 "$WITNESS" --db g.db gate

# dump: a line a record.
status_is 0 "$WITNESS" dump whole.wit
[ "$(grep -c '^[0-9a-f]* dependency ' out)" = 2 ] || fail "dump: $(cat out)"
grep -q 'unknown type=900' out || fail "dump does not show the record of the future"
status_is 2 "$WITNESS" dump text.wit

# A run without end record has said no totals: what its records name is a lower bound, and nought is no fact.
"$mkrun" killed.wit 9 as=/killed edge=A,B edge=B,A noend >/dev/null
"$WITNESS" --db killed.db import killed.wit >/dev/null
"$WITNESS" --db killed.db report >out
grep -q '^seen: 2 classes, at least 2 locks, 2 edges, 1 threads, at least 2 acquisitions in 1 run' out || fail "no lower bound: $(cat out)"
grep -q '1 threads, at least 2 locks, at least 2 acquisitions' out || fail "no lower bound of the run: $(cat out)"
grep -q '^   A  *sleep mutex  *1  *1$' out || fail "no lower bound of a class: $(cat out)"
"$WITNESS" --db killed.db report --format html >out
grep -q '<dt>Locks, at least</dt><dd>2<' out || fail "html: no lower bound"
[ "$(grep -o 'at least 2' out | wc -l)" = 2 ] || fail "html: no lower bound of the run"
"$WITNESS" --db killed.db gate >out || true
! grep -qE '[ ,]0 (locks|acquisitions)' out || fail "gate: nought as a fact: $(cat out)"
! "$WITNESS" --db s.db report 2>/dev/null | grep -q 'at least' || fail "a run with totals is said to have more"
