# reticle api and reticle auth, as scripts use them; rate budgets over restarts.
set -eu
. "$(dirname "$0")/lib.sh"
export HOME="$dir"
start_sandbox
config=$dir/config/reticle/config.yaml
secrets=$dir/config/reticle/credentials.yaml
sed -i "s|^    account:|    oauth_url: $(field url)\n    account:|" "$config"
cp "$config" "$dir/good.yaml"

expect() { # expect STATUS PATTERN ARG...: exit status, and what is printed (stdout or stderr)
	want=$1 pattern=$2
	shift 2
	rc=0
	"$RETICLE" "$@" >"$dir/stdout" 2>"$dir/stderr" <"${input:-/dev/null}" || rc=$?
	if [ "$rc" != "$want" ] || ! cat "$dir/stdout" "$dir/stderr" | grep -qE -- "$pattern"; then
		echo "reticle $*: exit $rc instead of $want, or no \"$pattern\":"
		cat "$dir/stdout" "$dir/stderr"
		exit 1
	fi
}
writes() { control ledger | grep -o '"method":"[A-Z]*"' | grep -vc GET || true; }
line_items=/12/accounts/18ce5demo01/line_items
campaigns=/12/accounts/18ce5demo01/campaigns

# --- api: body alone, byte for byte what curl would get; -i; the query in both forms
expect 0 '"id":"7k2aa"' api GET "$line_items" -p line_item_ids=7k2aa
[ "$(head -c 1 "$dir/stdout")" = '{' ] && [ ! -s "$dir/stderr" ]
cp "$dir/stdout" "$dir/one"
expect 0 '"id":"7k2aa"' api get "$line_items?line_item_ids=7k2aa"
cmp "$dir/one" "$dir/stdout"
expect 0 '^x-.*rate-limit-remaining: [0-9]' api -i GET "$line_items" --param count=1
head -n 1 "$dir/stdout" | grep -q '^HTTP/1.1 200$'
expect 0 '"name_probe & =","|"q":"name_probe & ="' api GET "$line_items" -p 'q=name_probe & ='

# --- exit statuses: 1 refused, 2 usage, 4 authentication
expect 1 'ROUTE_NOT_FOUND|INVALID' api GET /12/no_such_route
expect 1 '"parameter":"count"' api GET "$line_items" -p count=0
expect 4 'ACCOUNT_NOT_FOUND' api GET /12/accounts/nosuch/line_items
expect 2 'method' api FETCH /12/accounts
expect 2 'path' api GET 'https://elsewhere.example/12/accounts'
for odd in /12/../accounts /12/%2e%2e/accounts /12/.%2E/accounts //127.0.0.1/12/accounts /12//accounts \
	/12/accounts%0d%0ax: "/12/accounts
x: y" '' accounts http://127.0.0.1/12/accounts; do
	expect 2 'path' api GET "$odd"
done
expect 2 'NAME=VALUE' api GET /12/accounts -p nonsense
expect 2 'method and a path' api GET
expect 2 'no body' api GET /12/accounts --json "$dir/one"
expect 2 'one body' api POST /12/accounts --form --json "$dir/one"
expect 2 'cannot read' api POST "$campaigns" --write --json "$dir/not-there"
expect 2 'unexpected' api GET /12/accounts more
expect 2 'profile "chek" \(did you mean "check"' api --profile chek GET /12/accounts
write_profile wrong-secret 18ce5demo01
expect 4 '"code":32' api GET "$line_items"
cp "$dir/good.yaml" "$config"

# --- writes need --write, and a profile that may write
expect 1 'use --write' api PUT "$campaigns/8wku2" -p entity_status=PAUSED
[ "$(writes)" = 0 ]
sed -i 's|^    account:|    read_only: true\n    account:|' "$config"
expect 1 'read_only' api PUT "$campaigns/8wku2" -p entity_status=PAUSED --write
[ "$(writes)" = 0 ]
cp "$dir/good.yaml" "$config"
echo '[{"operation_type":"Create","params":{"line_item_id":"7k2aj","targeting_type":"BROAD_KEYWORD","targeting_value":"canoe","operator_type":"EQ"}}]' >"$dir/batch"
batch=/12/batch/accounts/18ce5demo01/targeting_criteria
expect 0 '"targeting_value":"canoe"' api POST "$batch" --write --json "$dir/batch"
sed -i s/canoe/kayak/ "$dir/batch"
input=$dir/batch expect 0 'kayak' api POST "$batch" --write --json -
[ "$(writes)" = 2 ]
control faults '{"rules":[{"method":"POST","path":"/batch/","nth":0,"times":1,"action":"drop@post-commit"}]}' >/dev/null
sed -i s/kayak/raft/ "$dir/batch"
expect 6 'outcome' api POST "$batch" --write --json "$dir/batch"
[ "$(writes)" = 3 ] # an unknown outcome is not sent again

# --- budgets are kept over restarts: the sixth read of a list that allows five is not even sent
expect 0 data api GET /12/accounts
for i in 1 2 3 4; do expect 0 data api GET /12/accounts; done
sent=$(control ledger | grep -o '"path":"/12/accounts"' | wc -l)
expect 7 'used up until 20' api GET /12/accounts
[ "$sent" = "$(control ledger | grep -o '"path":"/12/accounts"' | wc -l)" ]
expect 0 'warn  rate budgets .*nothing left' doctor

# --- auth: login by PIN, switch, status, logout
input=/dev/null expect 2 'input ended' auth login other
printf '%s\n%s\n1234567\n' "$(field consumer_key)" "$(field consumer_secret)" >"$dir/typed"
cat >>"$config" <<YAML
  second:
    base_url: $(field url)
    oauth_url: $(field url)
    account: 18ce5demo01
YAML
expect 4 'reticle auth login' api GET "$line_items" --profile second
input=$dir/typed expect 0 'Signed in as @FurniStore' auth login second
[ "$(stat -c %a "$secrets")" = 600 ]
expect 0 '7k2aa' api GET "$line_items" --profile second
grep -q 'access_token_secret' "$secrets"
expect 0 'complete, from the file: .*credentials.yaml' auth status second
expect 0 '"profile": "second", "default": false' auth status --json
expect 0 'used from now on' auth switch second
expect 0 '7k2aa' api GET "$line_items"
expect 0 'second \(default\)' auth status
expect 0 'removed here. The key of the app was kept' auth logout
grep -q 'consumer_secret' "$secrets" && ! grep -q 'access_token' "$secrets"
expect 4 'lack access_token, access_token_secret' api GET "$line_items"
printf '7654321\n' >"$dir/typed"
input=$dir/typed expect 4 'PIN' auth login second
printf 'none\n' >"$dir/typed"
input=$dir/typed expect 2 'PIN' auth login second
! grep -q 'access_token' "$secrets"
chmod 644 "$secrets"
expect 2 "chmod 600 $secrets" auth status
chmod 600 "$secrets"
printf 'theme: dark\n' >>"$secrets"
expect 2 'theme is a setting' auth status
sed -i '/theme/d' "$secrets"
expect 1 'has no stored token' auth logout check
expect 2 'there is no profile "chek"' auth switch chek
expect 2 'auth needs' auth dance

# --- auth import: only from a private file, which stays as it is
cat >"$HOME/.twurlrc" <<YAML
---
profiles:
  furni:
    $(field consumer_key):
      username: furni
      consumer_key: $(field consumer_key)
      consumer_secret: $(field consumer_secret)
      token: $(field access_token)
      secret: "$(field access_token_secret)"
    OTHERKEY:
      username: furni
      consumer_key: OTHERKEY
      consumer_secret: x
      token: y
      secret: z
configuration: {}
YAML
chmod 644 "$HOME/.twurlrc"
expect 2 'chmod 600' auth import
chmod 600 "$HOME/.twurlrc"
cp -p "$HOME/.twurlrc" "$dir/before"
expect 2 'several entries' auth import
sed -i '/OTHERKEY/,/secret: z/d' "$HOME/.twurlrc"
cp -p "$HOME/.twurlrc" "$dir/before"
expect 2 'no user "nobody"; it has: furni' auth import nobody
expect 0 'for profile second' auth import furni --profile second
cmp "$dir/before" "$HOME/.twurlrc"
[ "$(stat -c %Y "$dir/before")" = "$(stat -c %Y "$HOME/.twurlrc")" ]
expect 0 '7k2aa' api GET "$line_items"

# --- what is made of the tables
expect 0 'complete -F _reticle' completion bash
bash -n "$dir/stdout"
bash -c '. "$0"; COMP_WORDS=(reticle doctor --j) COMP_CWORD=2; _reticle; [ "${COMPREPLY[0]}" = --json ]' "$dir/stdout"
expect 0 'complete -c reticle' completion fish
expect 2 'bash, zsh or fish' completion tcsh
expect 0 '^\.TH RETICLE 1' man
expect 0 'no review, no journal, no undo' help api
