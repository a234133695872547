#!/usr/bin/env bash
# mutants.sh [all|tenth] - a rule's test counts when it fails without the rule.
#
# Each row of mutants.tsv (file, pattern, replacement, test; tab separated, # comments)
# is applied to a copy of the tree; the test is built there and must fail.  It must
# have passed on the unchanged copy.  A pattern that does not match exactly once, a
# mutant that does not compile and a test that still passes are failures.
# tenth: a fixed tenth of the rows, at least 2.  Closes with `N passed, N failed`.
set -u
which=${1:-tenth}
case $which in all | tenth) ;; *) echo "usage: mutants.sh [all|tenth]" >&2; exit 2 ;; esac
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
made=${BUILD:-$source/build}
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD
tree=$work/tree
passed=0 failed=0

mkdir "$tree"
for part in Makefile witness corpus analyzer report tests; do
	if [ -e "$source/$part" ]; then cp -a "$source/$part" "$tree/" || exit 2; fi
done

# What is made already need not be made again: make goes by the times, which come along,
# and by the lists of headers, which have to name the objects as they are called here.
case ${made##*/} in
*san* | *address* | *undefined* | *thread*) ;;
*)
	for part in obj lib tests; do
		if [ -e "$made/$part" ]; then mkdir -p "$tree/build" && cp -a "$made/$part" "$tree/build/" || exit 2; fi
	done
	if [ -d "$tree/build" ]; then
		find "$tree/build" -name '*.d' -exec sed -i "s|^$made/|build/|" {} + || exit 2
	fi
	;;
esac

build() { make -s -j2 -C "$tree" BUILD=build CFLAGS="-O1 -g" "build/tests/$1" >"$work/log" 2>&1; }
run() { (mkdir -p "$work/run" && cd "$work/run" && TMPDIR=$work/run timeout 120 "$tree/build/tests/$1") >"$work/log" 2>&1; }
bad() {
	echo "FAIL  $1"
	sed 's/^/      /' "$work/log" | head -n 20
	failed=$((failed + 1))
}

# Prints the file with the one place of the pattern replaced; 3 when it is not one.
mutate() {
	perl -0777 -e '
		my ($file, $from, $to) = @ARGV;
		open(my $in, "<", $file) or exit 3;
		my $text = <$in>;
		my $at = index($text, $from);
		exit 3 if $from eq "" || $at < 0 || index($text, $from, $at + 1) >= 0;
		substr($text, $at, length($from)) = $to;
		print $text;' "$@"
}

# A test is trusted to kill when it passes on the tree as it is.
declare -A sound
trust() {
	if [ -z "${sound[$1]:-}" ]; then
		sound[$1]=no
		if build "$1" && run "$1"; then sound[$1]=yes; fi
	fi
	[ "${sound[$1]}" = yes ]
}

try() {
	local file=$1 pattern=$2 replacement=$3 test=$4 row="$1: $2" object
	: >"$work/log"
	trust "$test" || { bad "$row: $test does not pass on the tree as it is"; return; }
	: >"$work/log"
	mutate "$tree/$file" "$pattern" "$replacement" >"$work/mutant" || { bad "$row: does not match exactly once"; return; }
	object=$tree/build/obj/${file%.c}.o
	cp -p "$tree/$file" "$work/original"
	if [ -e "$object" ]; then cp "$object" "$work/object"; fi
	cp "$work/mutant" "$tree/$file"
	if ! build "$test"; then
		bad "$row: does not compile"
	elif run "$test"; then
		bad "$row: $test passes without it"
	else
		echo "ok    $row"
		passed=$((passed + 1))
	fi
	# The object comes back with its source: only what it was linked into is made anew.
	if [ -e "$object" ]; then
		cp -p "$work/original" "$tree/$file"
		cp "$work/object" "$object"
	else
		cp "$work/original" "$tree/$file"
	fi
}

rows=()
while IFS= read -r row; do
	case $row in '' | '#'*) ;; *) rows+=("$row") ;; esac
done <"$source/tests/mutants.tsv"
count=${#rows[@]}
wanted=$count
if [ "$which" = tenth ]; then
	wanted=$(((count + 9) / 10))
	if [ "$wanted" -lt 2 ]; then wanted=2; fi
	if [ "$wanted" -gt "$count" ]; then wanted=$count; fi
fi
for ((k = 0; k < wanted; k++)); do
	row=${rows[k * count / wanted]}
	file=${row%%$'\t'*} row=${row#*$'\t'}
	pattern=${row%%$'\t'*} row=${row#*$'\t'}
	replacement=${row%%$'\t'*} test=${row#*$'\t'}
	try "$file" "$pattern" "$replacement" "$test"
done
if [ "$count" = 0 ]; then
	echo "no row in mutants.tsv" >&2
	failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
