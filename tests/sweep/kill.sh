#!/bin/sh
# Kill sweep: stage five changes and post them, in one batch and in five, under strace, which kills the
# program at the N-th call of each system call that changes something. After each kill the next start
# must find every change in exactly one state, and the sandbox must have seen no double.
#   RETICLE=... RETICLE_SANDBOX=... sh tests/sweep/kill.sh [STRIDE]
# STRIDE 1 is every call; the default takes one in fifteen. A kill between the mark "sent" and the
# request takes two minutes, since only readings over that time prove that nothing happened.
set -eu
. "$(dirname "$0")/../check/lib.sh"
command -v strace >/dev/null || { echo "the kill sweep needs strace"; exit 2; }
stride=${1:-15}
calls="pwrite64 write fdatasync fsync ftruncate unlink rename sendto connect"
export ASAN_OPTIONS=detect_leaks=0 # it cannot run under strace
points=0
run=0

script() {
	run=$((run + 1))
	cat >"$dir/sweep.script" <<-S
		*
		a
		text keyword (broad)
		Enter
		paste sweep$run
		Enter
		:expect 5 staged
		r
		P
		y
		:wait 5 applied and seen
	S
}

# A sandbox of its own for each life: the limits of the API are those of X.
traced() { # traced STRACE-ARGS...: one life of the program
	[ -z "$sandbox" ] || stop_sandbox
	start_sandbox --line-items 5 --criteria 3
	write_profile "$(field consumer_secret)" 18ce5bulk01
	printf 'batch_size: %d\n' "$size" >>"$dir/config/reticle/config.yaml"
	script
	forget
	(cd "$dir" && strace -f -qq -o "$dir/trace" "$@" \
		"$RETICLE" --script sweep.script --size 100x30) >/dev/null 2>&1 || true
}

check() { # check WHERE
	"$RETICLE" recover --json >"$dir/recover.json" || { echo "$1: recover failed"; exit 1; }
	staged=$(sed -n 's/.*"staged":\([0-9]*\).*/\1/p' "$dir/recover.json")
	unknown=$(sed -n 's/.*"unknown":\([0-9]*\),"last.*/\1/p' "$dir/recover.json")
	present=$("$RETICLE" journal --json | grep -o '"state":"present"' | wc -l)
	# 0 in all: killed before the changes were staged
	case $((staged + unknown + present)) in
	0 | 5) ;;
	*) echo "$1: $staged staged, $unknown unknown, $present done"; exit 1 ;;
	esac
	control doubles | grep -qE '"count": *0' || { echo "$1: a double"; exit 1; }
	points=$((points + 1))
}

for size in 100 1; do
	traced -e trace="$(echo "$calls" | tr ' ' ,)"
	cp "$dir/trace" "$dir/whole"
	check "not killed"
	for call in $calls; do
		n=$(grep -c " $call(" "$dir/whole" || true)
		at=1
		while [ $at -le "$n" ]; do
			traced -e trace="$call" -e inject="$call:signal=KILL:when=$at"
			check "batch_size $size, $call $at of $n"
			at=$((at + stride))
		done
	done
done
stop_sandbox
echo "$points points, every change in one state, no double"
