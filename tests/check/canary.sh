# Secrets stay where they were put: the whole run (screens, commands, helper, browser, demo, failures)
# is searched for them, raw and encoded, in everything it wrote, drew, printed and handed to children.
set -eu
. "$(dirname "$0")/lib.sh"
out=$dir/out
mkdir "$out" "$dir/bin" "$dir/tmp" "$dir/run" "$dir/home"
chmod 700 "$dir/run"
export HOME="$dir/home" TMPDIR="$dir/tmp" XDG_RUNTIME_DIR="$dir/run"
config=$dir/config/reticle/config.yaml

# --- the secrets, and every form that is looked for
start_sandbox
{
	for name in consumer_secret access_token access_token_secret; do
		field "$name"
	done
	for where in config env helper helper-line stdin twurl; do
		echo "cAnAry/$where+key="
		echo "cAnAry/$where+secret="
		echo "cAnAry/$where+token="
		echo "cAnAry/$where+tokensecret="
	done
} >"$dir/secrets"

base64_at() { # base64_at PREFIX DROP SECRET: the part that does not depend on what is around it
	printf '%s%s' "$1" "$3" | base64 -w 0 | cut -c "$(($2 + 1))-" | sed 's/.=*$//'
}
while read -r s; do
	echo "$s"
	base64_at '' 0 "$s"
	base64_at x 2 "$s"
	base64_at xx 3 "$s"
	printf %s "$s" | od -An -tx1 -v | tr -d ' \n' && echo
	printf %s "$s" | od -An -tx1 -v | tr -d ' \n' | tr a-f A-F && echo
	printf %s "$s" | od -An -tx1 -v | tr -d '\n' | tr a-f A-F | sed 's/ /%/g' && echo
	echo "$s" | sed 's/%/%25/g; s/+/%2B/g; s/=/%3D/g; s,/,%2F,g'
	echo "$s" | sed 's/%/%25/g; s/+/%2b/g; s/=/%3d/g; s,/,%2f,g'
done <"$dir/secrets" | sort -u >"$dir/patterns"
[ "$(grep -vc cAnAry "$dir/patterns")" -gt 100 ]

# The demo's own server keeps its side of the token in account-*.db: that is X, not the program.
found() { # found DIR...: files with a secret in any form
	grep -rlaFf "$dir/patterns" --exclude='account-*.db*' "$@" 2>/dev/null || true
}

# --- does the search find what it should? One file for each form.
mkdir "$dir/control"
s='cAnAry/env+secret='
printf '..%s..' "$s" >"$dir/control/raw"
printf 'ab%scd' "$s" | base64 >"$dir/control/base64-2"
printf 'a%scd' "$s" | base64 >"$dir/control/base64-1"
printf '%scd' "$s" | base64 >"$dir/control/base64-0"
printf '%s' "$s" | od -An -tx1 -v | tr -d ' \n' >"$dir/control/hex"
echo 'k=cAnAry%2Fenv%2Bsecret%3D' >"$dir/control/percent"
n=$(found "$dir/control" | wc -l)
[ "$n" = 6 ] || { echo "the search finds only $n of 6:"; found "$dir/control"; exit 1; }

# --- children that tell what they got
cat >"$dir/bin/helper" <<'SH'
#!/bin/sh
tr '\0' '\n' </proc/$$/environ >"$CANARY_OUT/helper-environ.$$"
tr '\0' '\n' </proc/$$/cmdline >"$CANARY_OUT/helper-cmdline.$$"
cat "$CANARY_FROM"
SH
sed 's/helper-/browser-/; $d' "$dir/bin/helper" >"$dir/bin/browser"
cat >"$dir/bin/reticle-sandbox" <<SH
#!/bin/sh
tr '\\0' '\\n' </proc/\$\$/environ >"$out/sandbox-environ"
exec "$RETICLE_SANDBOX" "\$@"
SH
chmod 755 "$dir/bin/helper" "$dir/bin/browser" "$dir/bin/reticle-sandbox"
cp "$RETICLE" "$dir/bin/reticle"
export CANARY_OUT="$out" CANARY_FROM="$dir/helper-says"

number=0
run() { # run PROGRAM ARG...: what it prints and logs goes to $out; any exit status will do
	number=$((number + 1))
	timeout 120 "$@" --log "$out/$number.log" --log-level debug \
		>"$out/$number.stdout" 2>"$out/$number.stderr" || true
}
commands() {
	run "$RETICLE" doctor
	run "$RETICLE" doctor --json
	run "$RETICLE" auth status
	run "$RETICLE" auth status --json
	run "$RETICLE" api GET /12/accounts/18ce5demo01/line_items -p count=1 -i
	run "$RETICLE" api POST /12/accounts/18ce5demo01/campaigns -p name=x --form --write -i
	number=$((number + 1))
	printf 'j\n:messages\n:screen %s/%s.screen\nescape\n' "$out" "$number" >"$dir/screen.script"
	run "$RETICLE" --script "$dir/screen.script" --size 120x40
}

# credentials that work, from the file
commands
ls "$out"/*.screen >/dev/null
grep -q '"data"' "$out"/*.stdout

# a real terminal: what is drawn, title and all
PYTHONPATH=$(dirname "$0") PYTHONDONTWRITEBYTECODE=1 python3 - "$RETICLE" "$out/typescript" <<'PY'
import sys
from pty_program import Program

p = Program([sys.argv[1]])
p.wait(rb"nothing staged", "canary")
seen = p.seen
p.type(b"Q")
p.wait_end("canary")
open(sys.argv[2], "wb").write(seen + p.seen)
PY
[ -s "$out/typescript" ]

# wrong ones, from the file
cat >"$config" <<YAML
profiles:
  wrong:
    base_url: $(field url)
    oauth_url: $(field url)
    account: 18ce5demo01
    consumer_key: "cAnAry/config+key="
    consumer_secret: "cAnAry/config+secret="
    access_token: "cAnAry/config+token="
    access_token_secret: "cAnAry/config+tokensecret="
YAML
commands
chmod 644 "$config"
commands
chmod 600 "$config"

# from the environment: signing in, a browser, the demo's child, our own environment
set_environment() {
	export RETICLE_CONSUMER_KEY='cAnAry/env+key=' RETICLE_CONSUMER_SECRET='cAnAry/env+secret='
	export RETICLE_ACCESS_TOKEN='cAnAry/env+token='
	export RETICLE_ACCESS_TOKEN_SECRET='cAnAry/env+tokensecret='
}
grep -v 'cAnAry' "$config" >"$dir/plain.yaml"
cp "$dir/plain.yaml" "$config"
(
	set_environment
	commands
	run "$dir/bin/reticle" demo --script "$dir/screen.script" --size 100x30
	RETICLE_CONSUMER_KEY=$(field consumer_key) RETICLE_CONSUMER_SECRET=$(field consumer_secret)
	export BROWSER="$dir/bin/browser %s"
	number=50
	printf '1234567\n' | run "$RETICLE" auth login --open
)
[ -s "$out/sandbox-environ" ]
until ls "$out"/browser-environ.* >/dev/null 2>&1; do sleep 0.05; done
grep -q 'Signed in' "$out/51.stdout"
rm "$dir/config/reticle/credentials.yaml"
control faults '{"rules":[{"method":"GET","path":"/line_items","nth":0,"times":0,"action":"stall@pre-commit:4000"}]}' >/dev/null
curl -sf -X DELETE "$(field url)/__sandbox/ledger" >/dev/null
(
	set_environment
	exec timeout 30 "$RETICLE" api GET /12/accounts/18ce5demo01/line_items
) >"$out/hanging.stdout" 2>"$out/hanging.stderr" &
hanging=$!
# its request is there: what it was started with it has taken
until control ledger | grep -q line_items; do
	kill -0 "$hanging" 2>/dev/null || { cat "$out/hanging.stderr"; exit 1; }
done
pid=$(cat "/proc/$hanging/task/$hanging/children")
# (timeout itself was started with them; the program under it must not keep them)
tr '\0' '\n' <"/proc/${pid% }/environ" >"$out/own-environ"
tr '\0' '\n' <"/proc/${pid% }/cmdline" >"$out/own-cmdline"
wait "$hanging" || true
control faults '{"rules":[]}' >/dev/null
[ -s "$out/own-cmdline" ]
grep -q '^HOME=' "$out/own-environ"

# from a helper: good form, and lines that it should not print
printf 'consumer_key: cAnAry/helper+key=\nconsumer_secret: cAnAry/helper+secret=\naccess_token: cAnAry/helper+token=\naccess_token_secret: cAnAry/helper+tokensecret=\n' >"$CANARY_FROM"
sed "s|^    account:|    credentials_command: [$dir/bin/helper]\n    account:|" "$dir/plain.yaml" >"$config"
commands
printf 'cAnAry/helper-line+secret=\nconsumer_key: cAnAry/helper-line+key= x\n' >"$CANARY_FROM"
commands
ls "$out"/helper-environ.* >/dev/null

# typed, and imported
cp "$dir/plain.yaml" "$config"
printf 'cAnAry/stdin+key=\ncAnAry/stdin+secret=\ncAnAry/stdin+token=\n' |
	run "$RETICLE" auth login
cat >"$HOME/.twurlrc" <<'YAML'
---
profiles:
  furni:
    "cAnAry/twurl+key=":
      username: furni
      consumer_key: "cAnAry/twurl+key="
      consumer_secret: "cAnAry/twurl+secret="
      token: "cAnAry/twurl+token="
      secret: "cAnAry/twurl+tokensecret="
configuration:
  default_profile:
  - furni
  - "cAnAry/twurl+key="
YAML
chmod 600 "$HOME/.twurlrc"
run "$RETICLE" auth import
run "$RETICLE" auth switch furni
commands
run "$RETICLE" auth logout furni
chmod 644 "$HOME/.twurlrc"
run "$RETICLE" auth import again

# --- the search; the logs told of requests, refusals, signing in, failures before any request
for event in 'request.done .*status=200' 'request.done .*status=401' login.answer program.failed; do
	grep -qE " $event" "$out"/*.log || { echo "no log has $event"; exit 1; }
done
grep -rq cAnAry "$dir/config" || { echo "nothing was imported"; exit 1; }
hits=$(found "$out" "$dir/state" "$dir/cache" "$dir/run" "$dir/tmp")
if [ -n "$hits" ]; then
	echo "secrets were found in:"
	for f in $hits; do
		echo "$f"
		grep -aoFf "$dir/patterns" "$f" | sort -u | head -n 3
	done
	exit 1
fi
