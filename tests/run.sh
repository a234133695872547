#!/usr/bin/env bash
# run.sh BUILD SUITE... - runs tests and says how many passed.
#
# A suite is a Check program (counted by its own summary), or a script tests/e2e/X.sh
# (counted as one; gets WITNESS, BUILD, SOURCE and an empty TMPDIR).  Every suite
# named must report: what was found and what ran are compared.  Two at a time.
# The closing line is `N passed, N failed`; the exit status 1 if anything failed.
set -u
build=$(cd "$1" && pwd)
shift
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BUILD=$build SOURCE=$source WITNESS=$build/bin/witness work
unset WITNESS_OPTIONS WITNESS_DB

# One program built twice (plain, sanitized) is two suites: the name begins with its build folder's.
label() {
	local path
	path=$(realpath "$1")
	path=${path#"$SOURCE"/}
	echo "${path//\//_}"
}
export -f label

one() {
	local suite name log summary passed=0 failed=0 status=0
	suite=$(realpath "$1")
	name=$(label "$suite")
	log=$work/$name.log
	mkdir -p "$work/$name.d"
	cd "$work/$name.d" || return
	case $suite in
	*.sh)
		TMPDIR=$work/$name.d bash "$suite" >"$log" 2>&1 && passed=1 || failed=1
		;;
	*)
		TMPDIR=$work/$name.d "$suite" >"$log" 2>&1 || status=$?
		# Check: "87%: Checks: 8, Failures: 1, Errors: 0"
		summary=$(grep -aE '^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+' "$log" | tail -n 1)
		if [ -n "$summary" ]; then
			read -r checks failures errors < <(sed -E 's/.*Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/\1 \2 \3/' <<<"$summary")
			failed=$((failures + errors))
			passed=$((checks - failed))
		fi
		# A program that died, ran nothing, or said 100% and failed all the same.
		if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
		if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then failed=1; fi
		;;
	esac
	if [ "$failed" = 0 ]; then
		echo "ok    $name ($passed)"
	else
		{ echo "FAIL  $name ($failed of $((passed + failed)))"; sed 's/^/      /' "$log" | tail -n 60; }
	fi >"$work/$name.out"
	cat "$work/$name.out"
	echo "$passed $failed" >"$work/$name.count"
	rm -rf "$work/$name.d"
}
export -f one

printf '%s\0' "$@" | xargs -0 -n 1 -P 2 bash -c 'one "$0"'

passed=0 failed=0
for suite in "$@"; do
	if read -r p f <"$work/$(label "$suite").count"; then
		passed=$((passed + p)) failed=$((failed + f))
	else
		echo "FAIL  $suite did not report"
		failed=$((failed + 1))
	fi
done 2>/dev/null
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
