#!/usr/bin/env bash
# The kernel of 2004 preallocated three zones.  Each preallocation is taken away, with lock types split
# and single, and what it had been hiding shows: exactly this, or nothing.
set -eu

without() { # without TUNABLE SPLIT|SINGLE CYCLE...: over a few seeds, these cycles beside s03's own
	local tunable=$1 types=$2 args=() seed
	shift 2
	[ "$types" = split ] || args=(--before=vm.object_types=single)
	: >got
	for seed in 1 2 3 4; do
		"$WITNESS" --db "$tunable-$types-$seed.db" corpus run s03 "${args[@]}" "--before=$tunable" --seed "$seed" \
			--observe none >out 2>err || { cat out err; exit 1; }
		sed -n 's/^inversion  [0-9a-f]*  //p' out >>got
	done
	{
		[ "$types" = split ] || echo "swap_pager swhash -> vm object -> swap_pager swhash"
		[ $# = 0 ] || printf '%s\n' "$@"
	} | sort >want
	sort -u got | diff want - || { echo "without $tunable, types $types"; exit 1; }
}

# PV ENTRY: its slabs would come from pvzone_obj with the page queue mutex and the pmap held.  With types
# apart that is uma object below them all; with one type it is the reversal that S6 met, too.
without vm.prealloc_pv split
without vm.prealloc_pv single "pmap -> vm object -> pmap" "pmap -> vm object -> vm page queue mutex -> pmap" \
	"vm object -> vm page queue mutex -> vm object"
# KMAP ENTRY: the first entries would come from startup_alloc() while the system map is held: UMA lock
# after system map, and a drain takes them the other way round (cured in 2005 by a lock for boot pages).
without vm.prealloc_kmapent split "UMA lock -> system map -> UMA lock"
without vm.prealloc_kmapent single "UMA lock -> system map -> UMA lock"
# MAP: nothing hid behind it; maps are made with no lock held.
without vm.prealloc_map split
without vm.prealloc_map single
