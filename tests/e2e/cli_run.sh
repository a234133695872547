#!/usr/bin/env bash
# corpus run, with a program in the place of witness-corpus that does what it is told: every outcome has its status.
set -eu
fail() { echo "$@"; exit 1; }
mkdir bin
cp "$WITNESS" bin/witness
export MKRUN=$BUILD/tests/e2e/mkrun
# The stand-in: `expect` prints $EXPECT; `run` writes the run file that $MAKE describes where it is told to, and does $THEN.
cat >bin/witness-corpus <<'END'
#!/usr/bin/env bash
printf '%s\n' "$@" >>"$LOG"
case $1 in
list) echo the list; exit 0 ;;
expect) [ "$2" != unknown ] || { echo "no such scenario" >&2; exit 2; }; printf '%b' "$EXPECT"; exit 0 ;;
esac
echo "$WITNESS_OPTIONS" >>"$LOG"
file=$(sed -E 's/.*(^|:)file=([^:]*).*/\2/' <<<"$WITNESS_OPTIONS")
[ -z "$MAKE" ] || eval "\"$MKRUN\" \"$file\" $MAKE" >/dev/null
echo "output of the program"
eval "${THEN:-true}"
END
chmod +x bin/witness-corpus
export LOG=$PWD/log MAKE EXPECT THEN
run() { # run WANTED ARGS...
	local wanted=$1 status=0
	shift
	rm -f s.db*
	: >log
	bin/witness --db s.db corpus run "$@" >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "corpus run $* (MAKE=$MAKE EXPECT=$EXPECT THEN=$THEN): status $status, not $wanted: $(cat out err)"
}
runs() { find .witness/runs -type f | wc -l; }

# As the table says.
MAKE='1 edge=A,B edge=B,A' EXPECT='finding inversion B -> A -> B\nedge A -> B\n' THEN=true
run 0 s03
grep -q '^output of the program$' out || fail "the program's output is gone: $(cat out)"
grep -q '^run 1114171a1d202326292c2f3235383b3e$' out || fail "the run's id is not printed: $(cat out)"
grep -qE '^inversion  [0-9a-f]{16}  A -> B -> A$' out || fail "no summary: $(cat out)"
[ "$(runs)" = 0 ] || fail "the run file stays"
bin/witness --db s.db gate >out 2>&1 && fail "the gate passes" || true
# What is handed on, and what is not.
run 0 --before --seed 7 s03 --observe 'vm object' --before=vm.x=1 --cpus=4
printf '%s\n' s03 --before --seed 7 --before=vm.x=1 --cpus 4 >wanted
sed -n '2,8p' log | diff - wanted || fail "expect was given other arguments"
sed -n '10,16p' log | diff - wanted || fail "run was given other arguments"
grep -q 'console=none' log && grep -q 'observe=vm object' log && grep -q 'state=' log || fail "options: $(tail -n 1 log)"
WITNESS_OPTIONS=max_file=2M run 0 s03
grep -q '^max_file=2M:file=.*:observe=all' log || fail "the caller's options: $(tail -n 1 log)"
# A last backslash of theirs does not swallow ours.
WITNESS_OPTIONS='console=a\' run 0 s03
grep -qF 'console=a\\:file=' log || fail "a backslash at the end: $(tail -n 1 log)"
# A mistake in them: one line that names the nearest, 125, and nothing was started or made.
mistaken() { # mistaken OPTIONS TEXT
	WITNESS_OPTIONS=$1 run 125 s03
	[ "$(wc -l <err)" = 1 ] && grep -qF -- "$2" err || fail "$1: does not say '$2' in one line: $(cat err)"
	[ ! -s log ] && [ ! -e s.db ] && [ ! -s out ] || fail "$1: something was started or made: $(cat log out)"
}
mistaken max_fiel=2M 'unknown option max_fiel; the nearest is max_file'
mistaken stacks=all:consle=none 'unknown option consle; the nearest is console'
mistaken max_file=lots 'option max_file: cannot read lots'
mistaken enabled 'option enabled: cannot read no value'
mistaken "file=$(head -c 40000 /dev/zero | tr '\0' x)" 'too long'
run 0 s03 --keep-runs
[ "$(runs)" = 1 ] || fail "--keep-runs does not keep"
grep -q "^run file $PWD/.witness/runs/" out || fail "the kept file is not named: $(cat out)"
rm -r .witness
MAKE='2 edge=A,B' EXPECT='edge A -> B\n'
run 0 s03
[ ! -s err ] || fail "said: $(cat err)"
MAKE='2 edge=A,B edge=B,A' EXPECT='any\n'
run 0 s03

# Not as the table says: a line that tells what.
differs() { # differs TEXT
	run 1 s03
	[ "$(grep -c '^witness: not as the table says' err)" = 1 ] || fail "not one line: $(cat err)"
	grep -qF -- "$1" err || fail "does not say '$1': $(cat err)"
}
MAKE='1 edge=A,B edge=B,A' EXPECT='edge A -> B\n'
differs 'unexpected finding inversion A -> B -> A'
MAKE='1 edge=A,B' EXPECT='finding inversion A -> B -> A\n'
differs 'missing finding inversion A -> B -> A'
MAKE='1 edge=A,B' EXPECT='edge B -> A\n'
differs 'missing edge B -> A'
MAKE='1 edge=A,B edge=B,C edge=C,A' EXPECT='finding inversion A -> C -> B -> A\n'
differs 'missing finding'
MAKE='1 dup=A' EXPECT='finding duplicate A\n'
run 0 s03
# The program's own failure, and its death. Without an end record its file and last state stay.
MAKE='1 edge=A,B' EXPECT='edge A -> B\n' THEN='exit 1'
run 1 s03
grep -q 'ended with status 1' err || fail "the program's status is not told: $(cat err)"
MAKE='1 edge=A,B noend' THEN='kill -KILL $$'
run 1 s03
grep -q 'killed by signal 9' err || fail "the program's death is not told: $(cat err)"
[ "$(find .witness/runs -name '*.wit' | wc -l)" = 1 ] && [ "$(find .witness/runs -name '*.wit.state' | wc -l)" = 1 ] ||
	fail "the run file of the dead: $(ls .witness/runs)"
rm -r .witness
# What the caller ignores the program ignores, and nothing else: as with nohup.
MAKE='1 edge=A,B' EXPECT='edge A -> B\n' THEN='grep ^SigIgn /proc/self/status'
env --default-signal bin/witness --db s.db corpus run s03 >plain 2>&1 || fail "plain: $(cat plain)"
env --ignore-signal=INT,QUIT,PIPE,XFSZ bin/witness --db s.db corpus run s03 >nohup 2>&1 || fail "nohup: $(cat nohup)"
for mask in plain:0 nohup:1001006; do
	# Of these four alone: the caller of the tests may have others ignored.
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "${mask%:*}")
	[ "$(printf %x $((16#$ignored & 16#1001006)))" = "${mask#*:}" ] ||
		fail "not ignored as they were: $(cat "${mask%:*}")"
done
rm -rf s.db* .witness
# Not complete; and 1 beats 3.
MAKE='1 edge=A,B lost=1' THEN=true
run 3 s03
MAKE='1 edge=A,B edge=B,A lost=1'
run 1 s03
# Usage is the program's to say, and makes no run; no run file at all; no program.
run 2 unknown
[ "$(cat err)" = 'no such scenario' ] || fail "usage: $(cat err)"
MAKE='1 edge=A,B' THEN='echo bad switch >&2; exit 2'
run 2 s03
[ "$(cat err)" = 'bad switch' ] && [ "$(runs)" = 0 ] || fail "usage of run: $(cat err)"
MAKE='' THEN=true
run 2 s03
grep -q 'left no run file' err || fail "no run file: $(cat err)"
echo 'not a store, and long enough to be one, if only it began as one does; a hundred bytes are needed for that' >no.db
status=0
bin/witness --db no.db corpus run s03 >out 2>err || status=$?
[ "$status" = 2 ] && [ "$(wc -l <err)" = 1 ] || fail "a store that is none: $status $(cat err)"
[ "$(bin/witness corpus list)" = 'the list' ] || fail "corpus list"
chmod -x bin/witness-corpus
run 126 s03
rm bin/witness-corpus
run 127 s03
[ "$(wc -l <err)" = 1 ] && grep -q 'witness-corpus is not there' err || fail "no program: $(cat err)"
status=0
bin/witness corpus list 2>err || status=$?
[ "$status" = 127 ] || fail "corpus list without the program: $status"
