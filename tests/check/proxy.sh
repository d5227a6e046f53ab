# A28: the proxy that requests go through stands on the status line, without its password; this
# machine has none.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
export HTTPS_PROXY=http://user:proxy-password@127.0.0.1:9
play 120x24 <<'SCRIPT'
:expect Home buyers in San Francisco
:screen here.txt
SCRIPT
if grep -q 'through proxy' "$dir/here.txt"; then
	echo "a proxy for this machine:"
	cat "$dir/here.txt"
	exit 1
fi
sed -i 's|base_url: .*|base_url: https://ads-api.invalid|' "$dir/config/reticle/config.yaml"
play 120x24 <<'SCRIPT'
:expect through proxy 127.0.0.1:9
:screen there.txt
SCRIPT
shows there.txt 'through proxy 127.0.0.1:9'
! grep -rq proxy-password "$dir/there.txt" "$dir/state" "$dir/cache"
