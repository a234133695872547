#!/usr/bin/env bash
# Events of observed classes: kept beside the store, packed, of these classes only; or refused in one line.
set -eu
fail() { echo "$@"; exit 1; }
mkrun=$BUILD/tests/e2e/mkrun
refused() { # refused TEXT COMMAND...
	local text=$1 status=0
	shift
	"$@" >out 2>err || status=$?
	[ "$status" = 2 ] || fail "$*: status $status: $(cat out err)"
	[ ! -s out ] && [ "$(wc -l <err)" = 1 ] || fail "$*: not one line: $(cat out err)"
	grep -qF -- "$text" err || fail "$*: does not say '$text': $(cat err)"
}
events_of() { grep -E '^[0-9a-f]+ event ' "$1" | cut -d ' ' -f 2-; }

# A real run, one class observed: its events and no other's; and the run file is gone.
"$WITNESS" --db s.db corpus run s03 --observe 'swap_pager swhash' >run.out 2>run.err || fail "corpus run: $? $(cat run.out run.err)"
id=$(sed -n 's/^run //p' run.out)
file=.witness/runs/$id.events.zst
[ "$(ls .witness/runs)" = "$id.events.zst" ] || fail "kept: $(ls .witness/runs)"
"$WITNESS" dump "$file" >dump.out || fail "dump: status $?"
head -n 1 dump.out | grep -q "run=$id " || fail "of another run: $(head -n 1 dump.out)"
class=$(sed -nE 's/^[0-9a-f]+ class id=([0-9]+) .*name="swap_pager swhash"$/\1/p' dump.out)
origins=$(sed -nE "s/^[0-9a-f]+ origin id=([0-9]+) class=$class .*/\1/p" dump.out | sort -u)
[ -n "$origins" ] || fail "the class is not in the file"
[ "$(events_of dump.out | sed -E 's/.* origin=([0-9]+) .*/\1/' | sort -u)" = "$origins" ] || fail "events of other classes"
count=$(events_of dump.out | wc -l)
[ "$count" -gt 100 ] || fail "only $count events"
grep -qF "$count events $PWD/$file" run.out || fail "corpus run does not say where they are: $(cat run.out)"
! grep -qE '^[0-9a-f]+ (dependency|chain|context|alarm) ' dump.out || fail "what became rows is there, too"
# Every stack and place that an event names is there to be read.
for what in stack site; do
	events_of dump.out | sed -nE "s/.* $what=([1-9][0-9]*) .*/\1/p" | sort -u >named
	[ -s named ] || fail "no event names a $what"
	sed -nE "s/^[0-9a-f]+ $what id=([0-9]+) .*/\1/p" dump.out | sort -u | comm -13 - named >missing
	[ ! -s missing ] || fail "${what}s that events name are missing: $(head missing)"
done

# From a run file that stays: the same events, and it can come again.
"$mkrun" run.wit 1 edge=A,B events=A,2000 edge=B,A events=C,3000 >id
file=.witness/runs/$(cat id).events.zst
"$WITNESS" --db s.db import run.wit >/dev/null
"$WITNESS" dump run.wit >whole.out
"$WITNESS" dump "$file" >dump.out || fail "dump: status $?"
diff <(events_of whole.out) <(events_of dump.out) >/dev/null || fail "not the same events"
cp "$file" was
"$WITNESS" --db s.db import run.wit >/dev/null
cmp "$file" was
# Lost records are said of the events, too.
"$mkrun" lost.wit 2 events=A,10 lost=3 >id
"$WITNESS" --db s.db import lost.wit >/dev/null 2>&1 || [ $? = 3 ] || fail "import of lost records"
status=0
"$WITNESS" dump ".witness/runs/$(cat id).events.zst" >out || status=$?
[ "$status" = 3 ] || fail "dump of lost records: status $status"

# Damaged, cut, or no run file inside.
head -c 2000 was >cut.zst
refused 'cut.zst: damaged or cut off' "$WITNESS" dump cut.zst
cp was bad.zst
printf '\125\252\125' | dd of=bad.zst bs=1 seek=5000 conv=notrunc status=none
refused 'bad.zst: damaged or cut off' "$WITNESS" dump bad.zst
{ cat was && echo more; } >more.zst
refused 'more.zst: damaged or cut off' "$WITNESS" dump more.zst
printf '\050\265\057\375\004\130\051\000\000hello\243\155\237\210' >other.zst # "hello", as zstd packs it
refused 'other.zst: not a run file' "$WITNESS" dump other.zst
refused 'not a run file' "$WITNESS" --db none.db import was
[ ! -e none.db ] || fail "a store was made of events"

# No room: nothing is stored, nothing half written stays.
"$mkrun" big.wit 3 edge=A,B events=A,100000 >id
ls .witness/runs >before
refused 'events cannot be written' bash -c "ulimit -f 300; exec \"$WITNESS\" --db s.db import big.wit"
ls .witness/runs | diff before - || fail "something stayed"
refused 'no run' "$WITNESS" --db s.db report --run "$(cat id)"
"$WITNESS" --db s.db import big.wit >/dev/null || fail "with room it does not go either"
[ -s ".witness/runs/$(cat id).events.zst" ] || fail "nothing was kept"
