# B22: what was staged or planned for one account and host never goes to another. The badge of the
# account looks different where nothing is real.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
first=$(field url)
cp "$dir/ready" "$dir/ready.first"

# the second server: the same accounts, another host
"$RETICLE_SANDBOX" >"$dir/ready.second" 2>"$dir/second.log" &
second=$!
trap 'kill "$second" 2>/dev/null || true; cleanup' EXIT
while [ ! -s "$dir/ready.second" ]; do
	kill -0 "$second" || { cat "$dir/second.log"; exit 1; }
	sleep 0.05
done

switch_to() { # switch_to first|second ACCOUNT
	cp "$dir/ready.$1" "$dir/ready"
	write_profile "$(field consumer_secret)" "$2"
}
posts() { # on both servers
	for r in first second; do
		cp "$dir/ready.$r" "$dir/ready"
		control ledger
	done | python3 -c '
import json, sys
n, text, d = 0, sys.stdin.read(), json.JSONDecoder()
while text.strip():
    rows, end = d.raw_decode(text.lstrip())
    n += sum(r["committed"] and "estimate" not in r["target"] for r in rows["requests"])
    text = text.lstrip()[end:]
print(n)'
}

account=$(field account_id)
(cd "$dir" && "$RETICLE" export --out all.yaml)
sed 's/- "sofa"/- "sofa bed"/' "$dir/all.yaml" >"$dir/edited.yaml"
(cd "$dir" && "$RETICLE" plan edited.yaml --out plan.json >plan.txt)
play 100x30 <<'SCRIPT'
:expect Home buyers in San Francisco
Enter
:expect rental scam
/
text rental
Enter
d
Esc
:expect 1 staged
:screen staged.txt
SCRIPT
grep -q SANDBOX "$dir/staged.txt" || { echo "the badge does not say SANDBOX"; cat "$dir/staged.txt"; exit 1; }

# the staged change is not there on the other host, nor in the other account
refused() { # refused WHERE PATTERN
	rc=0
	(cd "$dir" && "$RETICLE" apply plan.json >out 2>err) || rc=$?
	if [ "$rc" = 0 ] || ! grep -qE -- "$2" "$dir/err"; then
		echo "$1: apply ended with $rc"
		cat "$dir/out" "$dir/err"
		exit 1
	fi
}
switch_to second "$account"
play 100x30 <<'SCRIPT'
:expect Home buyers in San Francisco
:screen other.txt
SCRIPT
if grep -q "1 staged" "$dir/other.txt"; then
	echo "the other host shows what was staged for this one"
	cat "$dir/other.txt"
	exit 1
fi
refused "on another host" "host|server|made for"
switch_to first 18ce5demo02
refused "in another account" "account"
[ "$(posts)" = 0 ] || { echo "something was sent"; exit 1; }

# and it is still there where it belongs
switch_to first "$account"
[ "$(field url)" = "$first" ]
play 100x30 <<'SCRIPT'
:expect 1 staged
:screen again.txt
SCRIPT
[ "$(posts)" = 0 ] || { echo "$(posts) requests that write"; exit 1; }
