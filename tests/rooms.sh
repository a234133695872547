#!/usr/bin/env bash
# rooms.sh [TREE] - who may include whom (witness/core/README.md and its like say why).
#
# R1 a room includes with quotes only what its row allows;
# R2 core includes of the system's headers only the free-standing few;
# R3 a library's headers appear only in the files that are its doors.
# A planted breach of each rule fails it: tests/e2e/rooms.sh.
set -euf
tree=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$tree"
bad=0
breach() {
	echo "rooms: $1 includes $2: $3" >&2
	bad=$((bad + 1))
}

# room: pattern of quoted includes that it may use (bash glob alternatives, '|' between)
allowed() {
	case $1 in
	witness/core/*) echo 'core/*' ;;
	witness/live/*) echo 'core/*|live/*|witness.h' ;;
	witness/preload/*) echo 'core/*|live/*|preload/*' ;;
	witness/*) echo '' ;;
	corpus/*) echo 'kern/*|vm/*|proc/*|net/*|scenario/*|workload/*|witness.h' ;;
	analyzer/*) echo 'core/*|analyzer/*' ;;
	report/*) echo 'core/*|report/*|own' ;;
	tests/*) echo '*' ;;
	*) echo '' ;;
	esac
}

matches() { # matches WORD 'glob|glob'
	local IFS='|' glob
	for glob in $2; do
		# shellcheck disable=SC2053
		[[ $1 == $glob ]] && return 0
	done
	return 1
}

quoted() {
	local file=$1 header=$2 rule
	rule=$(allowed "$file")
	if matches "$header" "$rule"; then return; fi
	if [[ $rule == *own* && $header != */* && -e $(dirname "$file")/$header ]]; then return; fi
	breach "$file" "\"$header\"" "this room may include ${rule:-nothing} (R1)"
}

angled() {
	local file=$1 header=$2
	case $file in
	witness/core/*)
		matches "$header" 'stddef.h|stdint.h|stdbool.h|stdatomic.h|limits.h|errno.h|string.h' ||
			breach "$file" "<$header>" "core is free-standing (R2)"
		return ;;
	tests/*) return ;;
	esac
	case $header in
	clang-c/*) matches "$file" 'analyzer/tu.c|analyzer/lower.c' && return ;;
	sqlite3.h | libpq*) matches "$file" 'report/store*.c' && return ;;
	gvc.h | cgraph.h | graphviz/*) matches "$file" 'report/dot.c' && return ;;
	elfutils/* | dwarf.h | libelf.h | gelf.h) matches "$file" 'report/symbol.c' && return ;;
	jansson.h) matches "$file" 'report/json.c|report/*_json.c' && return ;;
	zstd.h) matches "$file" 'report/trace.c' && return ;;
	check.h) ;;
	*) return ;;
	esac
	breach "$file" "<$header>" "this library has its own door (R3)"
}

while IFS=: read -r file include; do
	case $include in
	'"'*) header=${include#\"} && quoted "$file" "${header%%\"*}" ;;
	'<'*) header=${include#<} && angled "$file" "${header%%>*}" ;;
	esac
done < <(find witness corpus analyzer report tests -name '*.[ch]' -o -name '*.def' 2>/dev/null | sort |
	xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' |
	sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:/')

[ "$bad" = 0 ] || { echo "rooms: $bad forbidden" >&2; exit 1; }
