#!/usr/bin/env bash
# A store that is none, is newer, cannot be written, or has no room: one line, status 2, and it is as it was.
set -eu
fail() { echo "$@"; exit 1; }
mkrun=$BUILD/tests/e2e/mkrun
"$mkrun" a.wit 1 edge=A,B edge=B,A >id
id=$(cat id)
"$mkrun" b.wit 2 edge=C,D >/dev/null
refused() { # refused TEXT COMMAND...
	local text=$1 status=0
	shift
	"$@" >out 2>err || status=$?
	[ "$status" = 2 ] || fail "$*: status $status: $(cat err)"
	[ "$(wc -l <err)" = 1 ] || fail "$*: not one line: $(cat err)"
	grep -qF -- "$text" err || fail "$*: does not say '$text': $(cat err)"
}
# What cannot be read as a store.
echo 'just text, and enough of it to be longer than what a database begins with, which is a hundred bytes' >text.db
cp text.db text.was
for command in "import a.wit" report gate "show a" "accept a --why x"; do
	# shellcheck disable=SC2086
	refused 'not a Witness store' "$WITNESS" --db text.db $command
done
cmp text.db text.was
refused 'no such store' "$WITNESS" --db none.db gate
refused 'not a Witness store' "$WITNESS" --db . report
refused 'cannot be opened' "$WITNESS" --db no/folder/s.db import a.wit
: >empty.db
refused 'empty' "$WITNESS" --db empty.db report
WITNESS_DB=text.db refused 'text.db' "$WITNESS" report

# A newer schema: bytes 60 to 63 of an SQLite file are its user_version.
"$WITNESS" --db s.db import a.wit >/dev/null
cp s.db newer.db
printf '\0\0\0\011' | dd of=newer.db bs=1 seek=60 conv=notrunc status=none
cp newer.db newer.was
refused 'schema 9' "$WITNESS" --db newer.db report
refused 'schema 9' "$WITNESS" --db newer.db import a.wit
cmp newer.db newer.was

# Read-only: reading works, import says why not.
cp s.db ro.db
chmod 444 ro.db
"$WITNESS" --db ro.db report >out 2>err || fail "a read-only store cannot be read: $(cat err)"
grep -q 'A -> B -> A' out || fail "nothing read of a read-only store: $(cat out)"
refused 'read-only' "$WITNESS" --db ro.db import b.wit
cmp ro.db s.db

# Full: no file may grow beyond 40 KB, not even the store's journal. The store is as it was, and goes on working.
for i in $(seq 40); do edges+=("edge=class$i,other$i"); done
"$mkrun" big.wit 3 "${edges[@]}" >/dev/null
refused 's.db' bash -c "ulimit -f 40; exec \"$WITNESS\" --db s.db import big.wit"
"$WITNESS" --db s.db report --run all >out || fail "the store does not read after the disk was full"
grep -q "$id" out || fail "the old run is gone"
! grep -q class1 out || fail "half of a run is there"
"$WITNESS" --db s.db import big.wit >/dev/null || fail "the store does not write after the disk was full"

# A store with no run answers nothing.
refused 'no run' "$WITNESS" --db s.db report --run ffff

# Several first runs at once: one makes the store, all are in it.
for i in 1 2 3 4 5 6; do "$mkrun" "first$i.wit" "1$i" "as=/first$i" edge=A,B >/dev/null; done
for round in $(seq 12); do
	pids=()
	for i in 1 2 3 4 5 6; do
		"$WITNESS" --db "at$round.db" import "first$i.wit" >/dev/null 2>"said$i" &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6; do
		wait "${pids[i - 1]}" || fail "import $i of 6 at once, round $round: $(cat "said$i")"
	done
	runs=$("$WITNESS" --db "at$round.db" gate --run all | grep -c '^looked at 6 runs') || true
	[ "$runs" = 1 ] || fail "not six runs in the store: $("$WITNESS" --db "at$round.db" gate --run all)"
done
