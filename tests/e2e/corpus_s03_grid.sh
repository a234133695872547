#!/usr/bin/env bash
# The four states hold over 20 seeds x 256, 512, 1024 pages x 1, 2, 4 CPUs (SOAK: 200 seeds): exactly the
# table's finding (or the exit status says so), and the runs are real: schedules differ, every CPU
# works, at least half of RAM goes out and comes back.
set -eu
seeds=$([ -n "${SOAK:-}" ] && echo 200 || echo 20)
export seeds

facts() { # facts PAGES CPUS <output: the schedule's digest, or what the run did not do
	awk -v pages="$1" -v cpus="$2" '
	{ for (i = 1; i <= NF; i++) if (split($i, pair, "=") == 2) value[$1 pair[1]] = pair[2] }
	/^cpu [0-9]+:/ { split($3 "=" $4, w, "="); seen++; if (w[2] + 0 == 0 || w[4] + 0 == 0) idle = $2 }
	/^digest: / { digest = $2 }
	END {
		if (value["pageouts:pages"] < pages / 2 || value["pageins:pages"] < pages / 2) why = "too little paging"
		else if (value["verified:pages"] < pages || value["verified:wrong"] != "0") why = "not verified"
		else if (seen != cpus || idle != "") why = "a CPU did not work: " idle
		else if (digest == "") why = "no digest"
		if (why != "") { print why > "/dev/stderr"; exit 1 }
		print digest
	}'
}
export -f facts

cell() { # cell "PAGES CPUS STATE"
	read -r pages cpus state <<<"$1"
	local args=() dir=$pages-$cpus-$state out seed
	case $state in
	before) args=(--before) ;;
	dynamic) args=(--before=vm.swapzone_static_obj=0) ;;
	single) args=(--before=vm.object_types=single) ;;
	esac
	mkdir -p "$dir"
	cd "$dir"
	for seed in $(seq "$seeds"); do
		if ! out=$("$WITNESS" --db cell.db corpus run s03 "${args[@]}" --seed "$seed" --pages "$pages" --cpus "$cpus" --observe none 2>err); then
			echo "s03 ${args[*]} --seed $seed --pages $pages --cpus $cpus:"
			echo "$out" | tail -n 25
			cat err
			return 1
		fi
		facts "$pages" "$cpus" <<<"$out" >>digests || { echo "seed $seed, $dir: $out"; return 1; }
		rm -f cell.db*
	done
	[ "$(sort -u digests | wc -l)" -ge $((seeds * 3 / 4)) ] || { echo "$dir: too few schedules"; sort digests | uniq -c; return 1; }
}
export -f cell

for pages in 256 512 1024; do
	for cpus in 1 2 4; do
		for state in before after dynamic single; do echo "$pages $cpus $state"; done
	done
done | xargs -d '\n' -n 1 -P 2 bash -euc 'cell "$0"'
