#!/usr/bin/env bash
# The four states of s03: exactly the reversal that the table promises, in WITNESS's own words, or none.
set -eu
fail() { echo "$@"; exit 1; }

state() { # state NAME TYPE ARGS...: TYPE "" promises no finding
	local name=$1 type=$2 expect
	shift 2
	"$WITNESS" --db "$name.db" corpus run s03 "$@" >"$name.out" 2>"$name.err" || {
		cat "$name.out" "$name.err"
		fail "$name: exit $? of corpus run s03 $*"
	}
	[ "$(grep -c '^lock order reversal' "$name.err")" = "$([ -n "$type" ] && echo 1 || echo 0)" ] ||
		fail "$name: reversals printed: $(cat "$name.err")"
	[ -n "$type" ] || { [ ! -s "$name.err" ] || fail "$name: printed: $(cat "$name.err")"; return 0; }
	grep -qE "^ 1st 0x[0-9a-f]+ vm object \($type\) @ vm/swap_pager\.c:[0-9]+$" "$name.err" || fail "$name: 1st: $(cat "$name.err")"
	grep -qE '^ 2nd 0x[0-9a-f]+ swap_pager swhash \(swap_pager swhash\) @ vm/swap_pager\.c:[0-9]+$' "$name.err" || fail "$name: 2nd"
	grep -qE "^ 3rd 0x[0-9a-f]+ vm object \($type\) @ vm/uma_core\.c:[0-9]+$" "$name.err" || fail "$name: 3rd"
	# The lines are true: each names a line of ours that takes that lock.
	true_line "$name" 1st 'VM_OBJECT_LOCK'
	true_line "$name" 2nd 'mtx_lock(&swhash_mtx)'
	true_line "$name" 3rd 'VM_OBJECT_LOCK'
	# The stack shows the way there.
	for function in obj_alloc uma_zalloc_arg swp_pager_meta_build swap_pager_putpages vm_pageout_scan; do
		grep -qE "^#[0-9]+ .*\b$function\b" "$name.err" || fail "$name: $function is not on the stack: $(cat "$name.err")"
	done
	"$WITNESS" --db "$name.db" report --format json >"$name.json"
	[ "$(grep -o '"fingerprint"' "$name.json" | wc -l)" = 1 ] || fail "$name: not one finding: $(cat "$name.json")"
}

true_line() { # true_line NAME ORDINAL TEXT
	local place
	place=$(sed -n "s/^ $2 .* @ //p" "$1.err")
	sed -n "${place#*:}p" "$SOURCE/corpus/${place%:*}" | grep -qF "$3" ||
		fail "$1: $2: $place does not say $3"
}

state before 'vm object' --before
state after ''
state dynamic 'standard object' --before=vm.swapzone_static_obj=0
state single 'vm object' --before=vm.object_types=single
state single2 'vm object' --before=vm.object_types

# Why there is none: the graph of the cured kernel holds the path, as an order.
"$WITNESS" --db after.db report >after.txt
grep -qE '^ *standard object -> swap_pager swhash\b' after.txt || fail "no standard object -> swap_pager swhash: $(cat after.txt)"
grep -qE '^ *swap_pager swhash -> uma object\b' after.txt || fail "no swap_pager swhash -> uma object"
