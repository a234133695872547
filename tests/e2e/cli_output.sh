#!/usr/bin/env bash
# Output that cannot be written is an error, whichever command and format.
set -eu
fail() { echo "$@"; exit 1; }
mkrun=$BUILD/tests/e2e/mkrun
"$mkrun" a.wit 1 edge=A,B edge=B,A dup=C >/dev/null
"$WITNESS" --db s.db import a.wit >/dev/null
fingerprint=$("$WITNESS" --db s.db gate | sed -n 's/^new  *inversion  \([0-9a-f]*\) .*/\1/p')
full() { # full ARGS...: standard output is full
	local status=0
	"$WITNESS" --db s.db "$@" >/dev/full 2>err || status=$?
	[ "$status" = 2 ] || fail "witness $* >/dev/full: status $status"
	[ "$(wc -l <err)" = 1 ] && grep -q 'cannot be written' err || fail "witness $* >/dev/full: $(cat err)"
}
for format in text html dot svg json; do
	"$WITNESS" --db s.db report --format $format >out.$format || fail "$format: status $?"
	[ -s out.$format ] || fail "$format: nothing"
	"$WITNESS" --db s.db report --format $format -o file.$format || fail "$format -o: status $?"
	cmp out.$format file.$format || fail "$format: standard output and -o differ"
	full report --format $format
	status=0
	"$WITNESS" --db s.db report --format $format -o /dev/full 2>err || status=$?
	[ "$status" = 2 ] && [ "$(wc -l <err)" = 1 ] && grep -q '/dev/full' err || fail "$format -o /dev/full: $status $(cat err)"
done
full gate
full show "$fingerprint"
full dump a.wit
full import a.wit
full --help
status=0
"$WITNESS" --db s.db report -o no/such/folder/x 2>err || status=$?
[ "$status" = 2 ] && grep -q 'no/such/folder/x' err || fail "-o into no folder: $status $(cat err)"

# show, and what it does not find.
"$WITNESS" --db s.db show "${fingerprint:0:5}" >out || fail "show: status $?"
grep -q "$fingerprint" out && grep -q 'made/A.c:10' out || fail "show: $(cat out)"
for text in zzz '' ; do
	status=0
	"$WITNESS" --db s.db show "$text" >out 2>err || status=$?
	[ "$status" = 2 ] && [ "$(wc -l <err)" = 1 ] || fail "show '$text': $status $(cat err)"
done
# A beginning of two fingerprints is none: sixteen and more findings share a first digit somewhere.
for i in $(seq 17); do words+=("dup=class$i"); done
"$mkrun" many.wit 2 as=/many "${words[@]}" >/dev/null
"$WITNESS" --db many.db import many.wit >/dev/null
digit=$("$WITNESS" --db many.db gate | sed -n 's/^new  *[a-z]*  \([0-9a-f]\).*/\1/p' | sort | uniq -d | head -n 1)
status=0
"$WITNESS" --db many.db show "$digit" >out 2>err || status=$?
[ "$status" = 2 ] && grep -q 'more than one finding' err || fail "show $digit: $status $(cat err)"

# Focus and cycles leave out the rest.
"$WITNESS" --db s.db report --format dot --cycles >out
! grep -q '"C"' out || fail "--cycles shows C: $(cat out)"
status=0
"$WITNESS" --db s.db report --focus nobody >out 2>err || status=$?
[ "$status" = 2 ] && grep -q 'no class is called nobody' err || fail "--focus nobody: $status $(cat err)"
"$WITNESS" --db s.db report --color=always | grep -q $'\033' || fail "--color=always has no colour"
! "$WITNESS" --db s.db report | grep -q $'\033' || fail "colours in a pipe"

# A report that could not be written leaves the one that was there, and nothing beside it.
for i in $(seq 60); do edges+=("edge=class$i,other$i"); done
"$mkrun" big.wit 3 as=/big "${edges[@]}" >/dev/null
"$WITNESS" --db big.db import big.wit >/dev/null
mkdir good
echo 'the good report' >good/report
chmod 640 good/report
ln -s report good/link
for name in report link; do
	status=0
	(ulimit -f 40 && exec "$WITNESS" --db big.db report --format html -o good/$name) 2>err || status=$?
	[ "$status" = 2 ] && [ "$(wc -l <err)" = 1 ] || fail "no room for -o: $status $(cat err)"
	[ "$(cat good/report)" = 'the good report' ] || fail "a failed -o destroyed the report that was there"
	[ "$(ls good)" = "$(printf 'link\nreport')" ] || fail "leftovers of a failed -o: $(ls good)"
done
"$WITNESS" --db big.db report --format html -o good/link || fail "-o link: status $?"
[ -L good/link ] && grep -q class60 good/report || fail "-o did not go where the link goes"
[ "$(stat -c %a good/report)" = 640 ] || fail "-o changed the mode: $(stat -c %a good/report)"
# What is no regular file is written itself.
"$WITNESS" --db big.db report -o /dev/stdout | grep -q class60 || fail "-o /dev/stdout"
mkfifo pipe
cat pipe >through &
"$WITNESS" --db big.db report -o pipe || fail "-o a pipe: status $?"
wait $!
grep -q class60 through && [ -p pipe ] || fail "-o did not write the pipe"
