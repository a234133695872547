#!/usr/bin/env bash
# The lock graph of the cured kernel is the reviewed one: each run's edges are a subset of the golden
# graph, their union over the suite is the golden graph, and no class lies on a cycle in it.
# After a change that is meant: GOLDEN=write bash tests/e2e/corpus_golden.sh, and review the difference.
set -eu
golden=$SOURCE/tests/golden/s03.graph
for run in "1 1 256" "2 2 512" "3 4 1024" "4 4 512" "5 2 1024"; do
	read -r seed cpus pages <<<"$run"
	"$WITNESS" --db "$seed.db" corpus run s03 --seed "$seed" --cpus "$cpus" --pages "$pages" --observe none >out 2>err ||
		{ cat out err; exit 1; }
	"$WITNESS" --db "$seed.db" report --format dot |
		sed -n 's/^[[:space:]]*"\([^"]*\)" -> "\([^"]*\)".*/\1 -> \2/p' | LC_ALL=C sort -u >"$seed.edges"
	[ -s "$seed.edges" ]
	[ -n "${GOLDEN:-}" ] || LC_ALL=C comm -23 "$seed.edges" <(grep -v '^#' "$golden") >"$seed.more"
	[ ! -s "$seed.more" ] || { echo "seed $seed: edges that the golden graph does not have:"; cat "$seed.more"; exit 1; }
done
LC_ALL=C sort -u ./*.edges >union
if [ -n "${GOLDEN:-}" ]; then
	{ sed -n '/^#/p' "$golden" 2>/dev/null || true; cat union; } >new
	cp new "$golden"
fi
diff <(grep -v '^#' "$golden") union || { echo "the golden graph has edges that no run showed (or the other way)"; exit 1; }
# Acyclic: tsort says so, and names the loop where it is not.
sed 's/ /_/g; s/_->_/ /' union | tsort >/dev/null || { echo "the golden graph has a cycle"; exit 1; }
