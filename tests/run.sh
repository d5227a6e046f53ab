#!/bin/sh
# Run test programs and count. usage:
#   run.sh unit PROGRAM...                         cmocka programs only
#   run.sh all --build DIR --units "..." --flows "..." [--sim PROGRAM]
# The last line is "N passed, N failed".
set -u
here=$(dirname "$0")
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run_cmocka() { # run one cmocka program, add its counts
	start=$(date +%s)
	timeout "${2:-240}" "$1" >"$log" 2>&1
	rc=$?
	p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | head -n 1)
	f=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | head -n 1)
	p=${p:-0}
	f=${f:-0}
	if [ "$rc" != 0 ] && [ "$f" = 0 ]; then f=1; fi
	printf '%-44s %4s passed %3s failed  %ss\n' "${1##*/}" "$p" "$f" "$(($(date +%s) - start))"
	[ "$rc" = 0 ] || grep -vE '^[[:space:]]+#|^$' "$log" | tail -n 60
	passed=$((passed + p))
	failed=$((failed + f))
}

run_script() { # run one shell check
	if timeout 600 sh "$1" >"$log" 2>&1; then
		passed=$((passed + 1))
		printf '%-44s ok\n' "${1##*/}"
	else
		failed=$((failed + 1))
		printf '%-44s FAILED\n' "${1##*/}"
		tail -n 60 "$log"
	fi
}

# The simulator: 20,000 lives, one test. A seed that fails is the same in every run: no second try.
run_sim() {
	if sh "$here/sim/run.sh" "$1" 1 "${SIM_SEEDS:-20000}"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

mode=$1
shift
if [ "$mode" = unit ]; then
	for t in "$@"; do run_cmocka "$t"; done
else
	build= units= flows= sim=
	while [ $# -gt 0 ]; do
		case $1 in
		--build) build=$2 ;;
		--units) units=$2 ;;
		--flows) flows=$2 ;;
		--sim) sim=$2 ;;
		esac
		shift 2
	done
	RETICLE=$(cd "$build" && pwd)/reticle
	RETICLE_SANDBOX=$(cd "$build" && pwd)/reticle-sandbox
	export RETICLE RETICLE_SANDBOX
	for t in $flows $units; do run_cmocka "$t" 600; done
	for s in "$here"/check/*.sh; do
		case $s in */lib.sh | */\*.sh) continue ;; esac
		run_script "$s"
	done
	[ -z "$sim" ] || run_sim "$sim"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
