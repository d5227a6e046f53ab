# A23 on the screen: a server whose clock is two hours ahead is asked again with its own time, once, and
# the status line says so; a clock that is right has no banner.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
look() { # look NAME
	forget
	printf ':expect Home buyers in San Francisco\n:screen %s.txt\n:budgets\n:expect Rate limits of X\n:screen %s-budgets.txt\n' "$1" "$1" |
		play 140x40
}
refused() { control ledger | grep -o '"status":401' | wc -l; }

look right
if grep -q 'clock is off' "$dir/right.txt" "$dir/right-budgets.txt"; then
	echo "a banner for a clock that is right:"
	cat "$dir/right.txt"
	exit 1
fi
[ "$(refused)" = 0 ]
control clock "{\"wall\":$(($(date +%s) + 7200))}" >/dev/null
look ahead
shows ahead.txt 'clock is off by (7[12][0-9][0-9])s'
shows ahead-budgets.txt 'clock is off +7[12][0-9][0-9] s'
# what flew when it was learnt was refused; nothing after that was
n=$(refused)
[ "$n" -ge 1 ] && [ "$n" -le 4 ] || { echo "$n requests were refused"; exit 1; }
