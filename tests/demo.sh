#!/usr/bin/env bash
# demo.sh - one true story, end to end: what `make demo` shows.  Can be run again and again.
set -eu
build=$(cd "${BUILD:-build}" && pwd)
witness=$build/bin/witness
demo=$build/demo
rm -rf "$demo"
mkdir -p "$demo"
cd "$demo"
unset WITNESS_OPTIONS WITNESS_DB
export WITNESS_DB=$demo/witness.db
baseline=$demo/baseline

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '   => %s\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }
run_id() { sed -n 's/^run \([0-9a-f]\{32\}\).*/\1/p' "$1" | head -n 1; }
status_of() { # status_of WANTED COMMAND...: runs it, insists on the exit status
	local wanted=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" = "$wanted" ] || { echo "demo: exit $status instead of $wanted: $*" >&2; exit 1; }
}

say "1. The kernel of July 2004, before the cure: every VM object has the lock type \"vm object\""
status_of 0 "$witness" corpus run s03 --before >before.out
cat before.out
before=$(run_id before.out)
note "the page daemon, swapping out, asked for UMA's own object while it held the victim's object and swhash: a reversal, because both objects have one type"

say "2. After the cure: VM_OBJECT_LOCK_INIT() takes a type, and the swap zone's object is static"
status_of 0 "$witness" corpus run s03 >after.out
cat after.out
after=$(run_id after.out)
note "the same workload on the same code path; now standard object -> swap_pager swhash -> uma object is an order, not a cycle"

say "3. What the store knows of the run before"
fingerprint=$("$witness" report --run "$before" --format json | sed -n 's/.*"fingerprint": *"\([0-9a-f]*\)".*/\1/p' | head -n 1)
"$witness" show "$fingerprint" --run "$before" >finding.txt
sed -n '1,12p' finding.txt
note "the whole finding, with both stacks of every edge, lies in $demo/finding.txt"

say "4. The report, with the lock graph"
"$witness" report --run "$before" --format html -o "$demo/before.html"
"$witness" report --run "$after" --format html -o "$demo/after.html"
note "the cycle is red; every edge opens its two stacks, with file:line"

say "5. The gate, as continuous integration would run it"
status_of 1 "$witness" gate --run "$before" --baseline "$baseline"
note "exit 1: the run before has a finding that nobody accepted"
status_of 0 "$witness" gate --run "$after" --baseline "$baseline"
note "exit 0: the run after has none"
"$witness" accept "$fingerprint" --run "$before" --why "UMA's own objects are never paged out; types are split in s03's after" --baseline "$baseline"
status_of 0 "$witness" gate --run "$before" --baseline "$baseline"
note "exit 0: accepted, with its reason, in a text file that people review"

say "The report: $demo/before.html   (and, cured: $demo/after.html)"
