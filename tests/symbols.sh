#!/usr/bin/env bash
# symbols.sh BUILD - what the objects of core and live call, beyond what includes can tell.
# core calls nobody but the compiler's own memory functions; live never calls the
# program's allocator nor stdio.
set -eu
build=$1
bad=0
core=$(nm -u "$build"/obj/witness/core/*.o | awk '$1 == "U" { print $2 }' | sort -u |
	grep -vE '^(wit_|_GLOBAL_OFFSET_TABLE_$|(mem(cpy|set|move|cmp|chr)|str(len|cmp|ncmp|chr|rchr|nlen))$|__asan_|__ubsan_|__tsan_|__sanitizer|__stack_chk_fail$)' || true)
live=$(nm -u "$build"/obj/witness/live/*.o | awk '$1 == "U" { print $2 }' | sort -u |
	grep -E '^(malloc|calloc|realloc|free|posix_memalign|aligned_alloc|strdup|strndup|v?[fsd]?n?printf|puts|fputs|fopen|fwrite|getline)$' || true)
[ -z "$core" ] || { echo "rooms: core calls: ${core//$'\n'/ }" >&2; bad=1; }
[ -z "$live" ] || { echo "rooms: live calls: ${live//$'\n'/ }" >&2; bad=1; }
exit $bad
