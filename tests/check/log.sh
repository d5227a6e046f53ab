# --log and log: of the configuration: what they tell of requests, retries and postings, what they refuse.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
log=$dir/log
config=$dir/config/reticle/config.yaml

run() { # run STATUS ARG...
	want=$1
	shift
	rc=0
	"$RETICLE" "$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" = "$want" ] || {
		echo "$* ended with $rc, not $want"
		cat "$dir/out" "$dir/err"
		exit 1
	}
}
told() { # told PATTERN: a line of the log, behind its time and process
	sed 's/^[0-9TZ:-]* \([a-z]*\) [0-9]* /\1 /' "$log" | grep -qE -- "$1" || {
		echo "the log does not tell \"$1\":"
		cat "$log"
		exit 1
	}
}
answered='endpoint=accounts/:account_id/line_items page=0 attempts=[0-9] status'

# requests, a retry, the status of the end; private under any umask
control faults '{"rules":[{"method":"GET","path":"/line_items","times":1,"action":"status@body:503"}]}' >/dev/null
(umask 0 && run 0 sync --log "$log")
told "^info program.start version=[0-9.]* command=sync$"
told "^warn request.done method=GET $answered=503 ms=[0-9]+ bytes=[0-9]+ curl=0 error=[A-Z]+ code="
told "^info request.retry case=UNAVAILABLE attempts=1 wait_ms=[0-9]+$"
told "^info request.done method=GET $answered=200 ms=[0-9]+ bytes=[0-9]+ curl=0 error=none code=none$"
told "^info program.end status=0$"
[ "$(stat -c %a "$log")" = 600 ]
grep -q 18ce5demo01 "$log" && { echo "the log has an account"; exit 1; }

# a failure, at its level alone
rm "$log"
write_profile wrong-secret 18ce5demo01
run 4 api GET /12/accounts --log "$log" --log-level error
told "^error program.failed error=AUTH http=401$"
[ "$(wc -l <"$log")" = 1 ]
write_profile "$(field consumer_secret)" 18ce5demo01

# the steps of a posting; its operations with debug
rm "$log"
printf 'reticle: 1\nline_items:\n  - id: "7k2aa"\n    include:\n      BROAD_KEYWORD:\n        - "sofa bed"\n' >"$dir/t.yaml"
run 0 plan "$dir/t.yaml" --out "$dir/plan"
run 0 apply "$dir/plan" --log "$log" --log-level debug
for step in check sending sent operation batch done; do
	told "apply step=$step batch=1 of=1"
done
told 'info apply step=done batch=1 of=1 operations=[0-9]+ outcome="verified" wait_ms=0 error=none$'

# refused before anything is done: a link, another file, a level that is none
ln -s "$dir/elsewhere" "$dir/link"
run 1 sync --log "$dir/link"
shows err 'link: it is a symbolic link'
[ ! -e "$dir/elsewhere" ]
cp "$dir/plan" "$dir/plan.before"
run 1 apply "$dir/plan" --log "$dir/plan"
shows err 'holds something else'
cmp "$dir/plan" "$dir/plan.before"
run 2 sync --log "$log" --log-level loud
shows err 'error, warn, info or debug, not "loud"'
run 2 sync --log-level debug
shows err '[-]-log-level goes with --log'

# of the configuration: a name in the state directory; nothing below another directory of it
printf 'log: events.log\nlog_level: warn\n' >>"$config"
run 0 sync
log=$dir/state/reticle/events.log
[ -f "$log" ]
grep ' info ' "$log" && { echo "log_level is warn"; exit 1; }
run 0 sync --log-level info
told "^info program.end status=0$"
sed -i 's|^log:.*|log: ../events.log|' "$config"
run 2 sync
shows err 'absolute path, or the name of a file in the state directory'
sed -i 's|^log:.*|log: /dev/null|' "$config"
run 1 sync
shows err 'no regular file|not your own'

# the screen
sed -i '/^log/d' "$config"
log=$dir/screen.log
printf 'j\n' >"$dir/script"
run 0 --script "$dir/script" --size 80x24 --log "$log"
told "^info program.start version=[0-9.]* command=screen$"
told "^info request.done method=GET endpoint="
told "^info program.end status=0$"
run 0 demo --script "$dir/script" --size 80x24 --log "$log"
told "command=demo$"
