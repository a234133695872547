#!/usr/bin/env bash
# Usage: one clear line on stderr that names what is wrong and the nearest that is right, status 2, nothing on stdout.
set -eu
fail() { echo "$@"; exit 1; }
bad() { # bad TEXT ARGS...: refused with status 2 and one line that has TEXT
	local text=$1 status=0
	shift
	"$WITNESS" "$@" >out 2>err || status=$?
	[ "$status" = 2 ] || fail "witness $*: status $status: $(cat err)"
	[ "$(wc -l <err)" = 1 ] || fail "witness $*: not one line: $(cat err)"
	grep -qF -- "$text" err || fail "witness $*: does not say '$text': $(cat err)"
	[ ! -s out ] || fail "witness $*: on stdout: $(cat out)"
}
bad 'usage: witness COMMAND'
bad 'did you mean report?' rport
bad 'did you mean corpus run?' corpus rn
bad 'did you mean corpus list?' corpus lst
bad 'nearest is --format' report --fromat x
bad 'nearest is --baseline' gate --basline=x
bad 'nearest is --db' import --bd x f
bad 'gate has no option --output' gate --output x
bad 'nearest is' report -x
bad 'wants FILE' report --db
bad '--db wants the name' --db '' report
bad '--db wants the name' import --db= x.wit
bad '--run stands twice' gate --run A --run B
bad '--output stands twice' report -o a --output=b
bad '--color stands twice' report --color --color=never
bad '--seed stands twice' corpus run s03 --seed 1 --seed=2
bad '--baseline stands twice' gate --baseline '' --baseline b
bad 'wants LEVEL' gate --level
bad 'takes no value' report --cycles=yes
bad 'usage: witness import FILE' import
bad 'usage: witness show FINDING' show
bad 'too many' show a b
bad 'too many' report extra
bad 'not pdf' report --format pdf
bad 'not sarif' gate --format sarif
bad 'not dreadful' gate --level dreadful
bad 'not sure' gate --confidence sure
bad 'number of edges' report --focus A --depth x
bad '--focus CLASS' report --depth 2
bad 'text, dot and svg' report --format json --focus A
bad 'not green' report --color=green
bad '--why' accept abc
bad '--why' accept abc --why ' '
bad 'YYYY-MM-DD' accept abc --why x --until soon
bad 'has passed' accept abc --why x --until 2001-01-01
[ ! -e witness.db ] || fail "a store was made"

"$WITNESS" --help >out 2>err || fail "--help: status $?"
for command in 'corpus list' 'corpus run' import report show accept gate dump; do
	grep -q "^  $command " out || fail "--help does not list $command"
	# shellcheck disable=SC2086
	"$WITNESS" $command --help >one || fail "$command --help: status $?"
	grep -q '^  --db FILE' one || fail "$command --help: $(cat one)"
done
"$WITNESS" report --help | grep -q -- '--focus CLASS' || fail "report --help has no --focus"
"$WITNESS" corpus --help >out || fail "corpus --help: status $?"
grep -q '^  corpus list ' out && grep -q '^  corpus run ' out || fail "corpus --help: $(cat out)"
bad 'no command is called corp;' corp --help
"$WITNESS" --version | grep -qE '^witness [0-9]+\.[0-9]+\.[0-9]+$' || fail "--version"
# Options stand anywhere; after -- there are none.
bad 'no such store' --db no.db report
bad 'no such store' report --db no.db
bad '--db: ' dump -- --db
