#!/bin/sh
# Lives of the simulator on every processor. usage: run.sh SIM FROM SEEDS
# First those that found something once (seeds.txt), then SEEDS of them. Prints the seeds that failed,
# each with its step and invariant; the last line counts.
set -u
sim=$1 from=$2 seeds=$3
jobs=$(nproc 2>/dev/null || echo 2)
[ "$seeds" -ge "$jobs" ] || jobs=1
share=$(((seeds + jobs - 1) / jobs))
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
start=$(date +%s)
"$sim" --list "$(dirname "$0")/seeds.txt" >"$dir/list" 2>&1
i=0
while [ "$i" -lt "$jobs" ]; do
	n=$((seeds - i * share))
	[ "$n" -le "$share" ] || n=$share
	(
		"$sim" --from $((from + i * share)) --seeds "$n" >"$dir/$i" 2>&1
		echo "status $?" >>"$dir/$i"
	) &
	i=$((i + 1))
done
wait
failed=$(grep -hc '^seed ' "$dir"/* | awk '{ n += $1 } END { print n }')
grep -h '^seed ' "$dir"/* | sed 's/$/   (make sim SEED=N prints its trace, SHRINK=N what matters of it)/'
# a simulator that crashed has no last line of its own
for f in "$dir"/*; do
	grep -q '^sim: ' "$f" && continue
	failed=$((failed + 1))
	tail -n 20 "$f"
done
echo "sim: $seeds seeds from $from, $failed failed, $(($(date +%s) - start)) s"
[ "$failed" = 0 ]
