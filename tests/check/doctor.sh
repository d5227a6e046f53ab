# reticle doctor: all ok against the sandbox; each single fault turns exactly one line to fail, with a
# remedy that works.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
config=$dir/config/reticle/config.yaml
account=$(field account_id)

doctor() { # doctor [ARG...]: lines in $dir/out, exit status in $rc
	rc=0
	"$RETICLE" doctor "$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ ! -s "$dir/err" ] || { echo "doctor printed on stderr:"; cat "$dir/err"; exit 1; }
}
all_ok() { # all_ok WHEN
	doctor
	if [ "$rc" != 0 ] || grep -qvE '^ok ' "$dir/out"; then
		echo "$1: exit $rc, not all ok:"
		cat "$dir/out"
		exit 1
	fi
}
fails() { # fails LINE REMEDY: that line, and no other, fails
	doctor
	n=$(grep -c '^fail ' "$dir/out" || true)
	if [ "$rc" != 3 ] || [ "$n" != 1 ] || ! grep -qE "^fail +$1 " "$dir/out" ||
		! grep -A1 '^fail ' "$dir/out" | grep -qE -- "$2"; then
		echo "exit $rc, $n lines fail; expected \"$1\" alone, with \"$2\":"
		cat "$dir/out"
		exit 1
	fi
	if grep -qF -e "$(field consumer_secret)" -e "$(field access_token_secret)" "$dir/out"; then
		echo "a secret was printed"
		exit 1
	fi
}
whole() { write_profile "$(field consumer_secret)" "$account"; }
setting() { # setting "name: value": into the profile
	sed -i "s|^    account:|    $1\n    account:|" "$config"
}

all_ok "in the beginning"
[ "$(wc -l <"$dir/out")" -ge 12 ] || { echo "lines are missing:"; cat "$dir/out"; exit 1; }

# a wrong secret; the remedy: sign in again
write_profile wrong-secret "$account"
fails token 'keys do not fit'
sed -i '/_secret:/d; /consumer_key:/d; /access_token:/d' "$config"
setting "oauth_url: $(field url)"
printf '%s\n%s\n1234567\n' "$(field consumer_key)" "$(field consumer_secret)" |
	"$RETICLE" auth login >"$dir/login"
all_ok "after signing in"
"$RETICLE" auth logout >"$dir/logout"
fails credentials 'reticle auth login'
rm "$dir/config/reticle/credentials.yaml"
whole
all_ok "with the right secret"

# a revoked token
control edit '{"token":{"state":"REVOKED"}}' >/dev/null
fails token 'new access token'
control edit '{"token":{"state":"ACCESS"}}' >/dev/null
all_ok "with a good token"

# a clock that is off: the client corrects itself, the line still says so
control clock "{\"wall\":$(($(date +%s) + 900))}" >/dev/null
fails clock 'set-ntp'
grep -q 'behind the server' "$dir/out"
control clock "{\"wall\":$(date +%s)}" >/dev/null
all_ok "with the right time"

# a role that may only look; the remedies: another role, or a profile that only looks
control edit "{\"access\":{\"account_id\":\"$account\",\"permissions\":\"CAMPAIGN_ANALYST\"}}" >/dev/null
fails "account $account" 'Ad manager'
setting 'read_only: true'
all_ok "with a profile that only looks"
whole
control edit "{\"access\":{\"account_id\":\"$account\",\"permissions\":\"AD_MANAGER\"}}" >/dev/null
all_ok "with the right role"

# an account that this user does not see
write_profile "$(field consumer_secret)" nosuchaccount
fails 'account nosuchaccount' 'no access to the account'
whole

# the app is not approved, or its token is older than the approval (G48, G49)
refusal() {
	control faults "{\"rules\":[{\"method\":\"GET\",\"path\":\"/authenticated_user_access\",\"nth\":0,\"times\":0,\"action\":\"status:403\",\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"$1\\\",\\\"message\\\":\\\"no\\\"}],\\\"request\\\":{\\\"params\\\":{}}}\"}]}" >/dev/null
}
refusal UNAUTHORIZED_CLIENT_APPLICATION
fails 'API access' 'apply for it'
refusal INSUFFICIENT_USER_AUTHORIZED_PERMISSION
fails 'API access' 'new access token'
control faults '{"rules":[]}' >/dev/null
all_ok "without faults"

# a file with secrets that others can read; the remedy is a command
chmod 644 "$config"
fails permissions 'chmod 600'
sh -ec "$(sed -n 's/.*-> run: //p' "$dir/out")"
all_ok "after the remedy"

# a server that is not there, a name that is not there
port=$(sed -n 's/.*127.0.0.1:\([0-9]*\).*/\1/p' "$config")
sed -i "s|127.0.0.1:$port|127.0.0.1:1|" "$config"
fails connection 'base_url'
sed -i "s|http://127.0.0.1:1|https://no-such-host.invalid|" "$config"
fails 'name resolution' 'base_url'
whole
all_ok "with the right server"

# a certificate that nobody vouches for; the remedy: vouch for it
stop_sandbox
start_sandbox --tls good --ca-file "$dir/ca.pem"
fails TLS 'ca_bundle'
setting "ca_bundle: $dir/ca.pem"
all_ok "with the authority of the server"

# one that is too old, for another host, or without an authority: no setting makes those pass
for mode in expired wronghost; do
	stop_sandbox
	start_sandbox --tls $mode --ca-file "$dir/ca.pem"
	setting "ca_bundle: $dir/ca.pem"
	fails TLS 'base_url|clock'
done
stop_sandbox
start_sandbox
all_ok "without TLS on this machine"

# the same as JSON, and without any configuration
doctor --json
grep -q '"ok": true' "$dir/out"
rm "$config"
fails configuration 'reticle auth login'
