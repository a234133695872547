#!/usr/bin/env bash
# The reversal is made where history made it: the page daemon, scanning, swapping out, building a swblock,
# growing SWAPMETA; and the object it ends at was born in uma_zone_set_obj().  All from the records.
set -eu
fail() { echo "$@"; cat finding; exit 1; }
"$WITNESS" --db s.db corpus run s03 --before >out 2>err || { cat out err; exit 1; }
fingerprint=$(sed -n 's/^inversion  \([0-9a-f]*\)  .*/\1/p' out)
"$WITNESS" --db s.db show "$fingerprint" >finding

# The edge swap_pager swhash -> vm object, as `show` tells it: from its headline to the next edge.
awk '/^ *[0-9]+\. / { on = /swap_pager swhash -> vm object/ } on' finding >edge
[ -s edge ] || fail "no edge swap_pager swhash -> vm object"
awk '/^ *asked /, /^ *by /' edge >asked
# Each calls the one before it: the order of the frames counts.
awk '/^ *#[0-9]+ / { print $2 }' asked |
	awk 'BEGIN { n = split("obj_alloc uma_zalloc_arg swp_pager_meta_build swap_pager_putpages vm_pageout_flush vm_pageout_scan vm_pageout", want); i = 1 }
	     $1 == want[i] { i++ }
	     END { if (i <= n) { print "not on the way: " want[i]; exit 1 } }' || fail "the path is another"
grep -qE '^ *by +thread pagedaemon \(vm_pageout\)' edge || fail "not the page daemon"
# Where the swap zone's object began its life.
awk '/born/, /^ *by /' asked >born
grep -qE '#[0-9]+ vm_object_allocate ' born || fail "no vm_object_allocate in the allocation stack"
grep -qE '#[0-9]+ uma_zone_set_obj ' born || fail "no uma_zone_set_obj in the allocation stack"
grep -qE '#[0-9]+ swap_pager_swap_init ' born || fail "no swap_pager_swap_init in the allocation stack"
