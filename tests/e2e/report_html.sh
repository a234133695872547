#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The HTML report of s03, before and after: every edge followed to its two stacks, every file:line a line of ours.
set -eu
source=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
follow=$BUILD/tests/e2e/report_html

fail() {
	echo "report_html: $*" >&2
	exit 1
}

# page NAME CYCLE-EDGES ARG...: runs s03 into a store of its own, writes NAME.html, follows it.
page() {
	local name=$1 cycle=$2 status=0 said
	shift 2
	"$WITNESS" --db "$name.db" corpus run s03 "$@" >"$name.out" 2>"$name.err" || status=$?
	if [ "$status" != 0 ]; then
		cat "$name.out" "$name.err" >&2
		fail "corpus run s03 $* ended with $status"
	fi
	"$WITNESS" --db "$name.db" report --format html -o "$name.html" || fail "report of $name ended with $?"
	said=$("$follow" "$name.html" "$source") || fail "$name: $said"
	[[ $said == "edges "*" cycle $cycle frames "* ]] || fail "$name: $said, where $cycle edges lie on a cycle"
	echo "$name: $said"
}

page before 2 --before
grep -q '<h1 class="bad">1 finding: inversion</h1>' before.html || fail "before: another verdict: $(grep '<h1' before.html)"
# The canonical rotation of a cycle begins with the least name.
grep -q '<p class="cycle-line">swap_pager swhash<i>&#8594;</i>vm object<i>&#8594;</i>swap_pager swhash</p>' before.html || fail "before: another cycle"
page after 0
grep -q '<h1 class="good">no findings</h1>' after.html || fail "after: another verdict: $(grep '<h1' after.html)"
for edge in 'standard object</b><i>&#8594;</i><b>swap_pager swhash' 'swap_pager swhash</b><i>&#8594;</i><b>uma object'; do
	grep -q "$edge" after.html || fail "after: no edge $edge"
done

# Twice the same store, twice the same page.
"$WITNESS" --db before.db report --format html -o again.html
cmp before.html again.html || fail "two reports of one store differ"
