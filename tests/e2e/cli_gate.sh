#!/usr/bin/env bash
# Every exit status of the gate, and what accept writes.
set -eu
fail() { echo "$@"; exit 1; }
mkrun=$BUILD/tests/e2e/mkrun
status_is() { # status_is WANTED ARGS...
	local wanted=$1 status=0
	shift
	"$WITNESS" --db s.db "$@" >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "witness $*: status $status, not $wanted: $(cat out err)"
}
"$mkrun" before.wit 1 as=/kernel-before 'edge=vm object,swhash' 'edge=swhash,vm object' >before
"$mkrun" after.wit 2 as=/kernel-after 'edge=standard object,swhash' 'edge=swhash,uma object' >after
before=$(cat before) after=$(cat after)
status_is 0 import before.wit after.wit

# Both runs count by default; each alone by --run.
status_is 1 gate
status_is 1 gate --run "$before" --baseline b
grep -q '^new  *inversion ' out || fail "the finding is not shown: $(cat out)"
status_is 0 gate --run "$after" --baseline b
grep -q '^looked at 1 run: 3 classes, 3 locks, 2 edges' out || fail "nothing new, and not said what was looked at: $(cat out)"
status_is 0 gate --run last
status_is 1 gate --run all
status_is 0 gate --run "$before" --level potential
status_is 1 gate --run "$before" --level inversion --confidence high --complete

# Accept: a reason is required, the finding must be one, and what is written is what the gate reads.
fingerprint=$(sed -n 's/^new  *inversion  \([0-9a-f]*\) .*/\1/p' <("$WITNESS" --db s.db gate || true))
[ ${#fingerprint} = 16 ] || fail "no fingerprint: $fingerprint"
status_is 2 accept "$fingerprint" --baseline b
status_is 2 accept "$fingerprint" --why '' --baseline b
status_is 2 accept 00 --why x --baseline b
status_is 2 accept '' --why x --baseline b
[ ! -e b ] || fail "a refused accept wrote: $(cat b)"
status_is 0 accept "${fingerprint:0:6}" --why "UMA's own objects are never paged out" --baseline b
cat >wanted <<END
fingerprint: $fingerprint
level: inversion
cycle: swhash -> vm object -> swhash
why: UMA's own objects are never paged out
END
diff -u wanted b || fail "the baseline is not what was promised"
status_is 0 gate --run "$before" --baseline b
grep -q "^accepted .*never paged out" out || fail "the reason is not shown: $(cat out)"
status_is 0 gate --baseline b
status_is 1 gate --run "$before" # the default baseline is another
status_is 0 accept "$fingerprint" --why "by default" --run "$before"
grep -q '^why: by default' .witness/baseline || fail "no default baseline"
status_is 0 gate

# A cycle of which one edge is on no accepted cycle is new; one of accepted edges is not.
"$mkrun" more.wit 3 as=/more 'edge=vm object,swhash' 'edge=swhash,uma' 'edge=uma,vm object' >/dev/null
status_is 0 import more.wit
status_is 1 gate --baseline b
"$mkrun" same.wit 4 as=/same 'edge=vm object,swhash' 'edge=swhash,vm object' >same
status_is 0 import same.wit
status_is 0 gate --baseline b --run "$(cat same)"

# Entries without use are named; malformed baselines accept nothing.
status_is 0 gate --baseline b --run "$after"
grep -q "^unmatched $fingerprint" out || fail "an entry that matches nothing is not named: $(cat out)"
echo 'until: 2001-01-01' >>b
status_is 1 gate --baseline b --run "$before"
grep -q "^expired  *$fingerprint" out || fail "an expired entry is not named: $(cat out)"
refused() { # refused LINE TEXT: the baseline in file x
	status_is 2 gate --baseline x
	[ "$(wc -l <err)" = 1 ] || fail "not one line: $(cat err)"
	grep -q "^witness: x:$1: .*$2" err || fail "not line $1, $2: $(cat err)"
	cp x x.was
	status_is 2 accept "$fingerprint" --why y --baseline x
	cmp x x.was || fail "accept changed a baseline that it could not read"
}
grep -v '^why' wanted >x
refused 1 reason
sed 's/^why:.*/why:/' wanted >x
refused 4 reason
cat wanted <(echo) wanted >x
refused 6 already
echo 'hello' >x
refused 1 'key: value'
sed 's/^level:.*/level: huge/' wanted >x
refused 2 level

# Several at once: no entry is lost, no file is left over, and the mode stays.
edges=()
for i in 1 2 3 4 5 6; do edges+=("edge=a$i,b$i" "edge=b$i,a$i"); done
"$mkrun" many.wit 5 as=/many "${edges[@]}" >many
status_is 0 import many.wit
mkdir d
: >d/many
chmod 0664 d/many
"$WITNESS" --db s.db gate --run "$(cat many)" --baseline none | sed -n 's/^new  *inversion  \([0-9a-f]*\) .*/\1/p' >named
[ "$(wc -l <named)" = 6 ] || fail "not six findings: $(cat named)"
for round in $(seq 10); do
	: >d/many
	pids=()
	while read -r name; do
		"$WITNESS" --db s.db accept "$name" --why x --baseline d/many --run "$(cat many)" >/dev/null &
		pids+=($!)
	done <named
	for pid in "${pids[@]}"; do wait "$pid" || fail "an accept failed in round $round"; done
	[ "$(grep -c '^fingerprint' d/many)" = 6 ] || fail "entries are lost in round $round: $(cat d/many)"
done
[ "$(ls d)" = many ] && [ "$(stat -c %a d/many)" = 664 ] || fail "left over, or another mode: $(ls -l d)"

# Status 2: usage and what cannot be read. Status 3: not complete (and 1 beats 3).
status_is 2 gate --level none
status_is 2 gate --baseline .
status_is 2 gate --run ffffff
"$mkrun" lost.wit 7 as=/lost edge=A,B lost=1 >lost
"$mkrun" both.wit 8 as=/both edge=A,B edge=B,A lost=1 >both
status_is 3 import lost.wit both.wit
status_is 3 gate --run "$(cat lost)"
status_is 1 gate --run "$(cat both)"
