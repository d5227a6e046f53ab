# What bad answers get: a message that names the thing, nothing lost, no crash.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --no-rate-limit

look() { # look NAME PATTERN [PATTERN...]: open the line items and look at the screen
	name=$1
	shift
	forget
	printf ':screen %s.txt\n:messages\n:screen %s-log.txt\n' "$name" "$name" | play 200x30
	cat "$dir/$name.txt" "$dir/$name-log.txt" >"$dir/$name-all.txt"
	for p in "$@"; do shows "$name-all.txt" "$p"; done
	if grep -q '<html' "$dir/$name-all.txt"; then
		echo "$name: a page of HTML reached the screen"
		cat "$dir/$name-all.txt"
		exit 1
	fi
	control faults '{"rules":[]}' >/dev/null
}
fault() { control faults "{\"rules\":[{\"method\":\"GET\",\"path\":\"$1\",\"nth\":0,\"times\":0,\"action\":\"$2\"${3:-}}]}" >/dev/null; }

look fine "Home buyers in San Francisco"

write_profile wrong-secret "$(field account_id)"
look wrong-secret "32|[Aa]uthenticat|credential|signature"
write_profile "$(field consumer_secret)" nosuchaccount
look no-account "ACCOUNT_NOT_FOUND|not.*found|access"
write_profile "$(field consumer_secret)" "$(field account_id)"

fault /line_items status:200 ',"body":"html"'
look html 'no JSON; it says'
fault /line_items cut:400
look truncated "end|cut|incomplete|closed|partial|JSON"
fault /line_items drop@resp-hdr
look gone "Empty reply"
fault /line_items status:503 ',"body":"html"'
look down "503|unavailable|server"
