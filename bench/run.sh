#!/bin/sh
# `make bench`: reticle beside tig and less in one run, with 8,000 line items x 50 criteria read
# from a local sandbox into the snapshot. Prints tables; asserts nothing about time.
# usage: run.sh PATH_OF_RETICLE [ROUNDS]
set -eu
reticle=$(realpath "$1")
rounds=${2:-7}
here=$(dirname "$(realpath "$0")")
for p in tig less git python3; do
	command -v $p >/dev/null || { echo "bench needs $p (Debian: apt-get install tig less git python3)" >&2; exit 2; }
done
dir=$(mktemp -d)
sandbox=
cleanup() {
	[ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT INT TERM

# --- our side: a sandbox with the bulk account, and a snapshot of all of it
"$reticle" sandbox --line-items 8000 --criteria 50 --no-rate-limit >"$dir/ready" 2>/dev/null &
sandbox=$!
while [ ! -s "$dir/ready" ]; do sleep 0.1; done
python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1] + "/__sandbox/ready").read()' \
	"$(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$dir/ready")"
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$dir/ready"; }
mkdir -p "$dir/config/reticle"
cat >"$dir/config/reticle/config.yaml" <<YAML
profiles:
  bench:
    base_url: $(field url)
    account: 18ce5bulk01
    consumer_key: $(field consumer_key)
    consumer_secret: $(field consumer_secret)
    access_token: $(field access_token)
    access_token_secret: $(field access_token_secret)
YAML
chmod 600 "$dir/config/reticle/config.yaml"
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
printf '%s\n' ':mark-all' ':open' ':back' ':mark-clear' >"$dir/warm"
echo "reading 8,000 line items x 50 criteria into the snapshot..." >&2
"$reticle" --script "$dir/warm" --size 120x40

# --- the peers: a repository of 100,000 commits, a file of 1,000,000 lines
mkdir "$dir/repo"
git -C "$dir/repo" init -q
python3 - <<'PY' | git -C "$dir/repo" fast-import --quiet
import sys
for i in range(1, 100001):
    m = "commit number %d touches the budget of line item %d" % (i, i * 7919 % 8000)
    sys.stdout.write("commit refs/heads/main\nmark :%d\ncommitter a <a@example.com> %d +0000\ndata %d\n%s\n"
                     % (i, 1500000000 + i * 60, len(m), m))
    if i > 1:
        sys.stdout.write("from :%d\n" % (i - 1))
PY
git -C "$dir/repo" symbolic-ref HEAD refs/heads/main
# without it tig's topological order walks all commits before it paints, which is not its usual start
git -C "$dir/repo" commit-graph write --reachable 2>/dev/null
seq -f 'line %.0f of a long file that a pager shows' 1 1000000 >"$dir/lines"

cat >"$dir/manifest.json" <<JSON
{"programs": [
  {"label": "reticle", "cmd": ["$reticle", "--offline"], "wait": "Engagements", "quit": "Q"},
  {"label": "tig", "cmd": ["sh", "-c", "cd $dir/repo && exec tig"], "wait": "commit number 1000", "settle": 2, "quit": "Q"},
  {"label": "less", "cmd": ["less", "$dir/lines"], "wait": "line 30 of", "quit": "q"}],
 "goals": [
  {"name": "P1 start, of tig", "a": "reticle", "b": "tig", "metric": "start_ms", "limit": 0.15},
  {"name": "P1 start, of less", "a": "reticle", "b": "less", "metric": "start_ms", "limit": 1.75},
  {"name": "P2 Down p50, of tig", "a": "reticle", "b": "tig", "metric": "down_p50_ms", "limit": 0.5},
  {"name": "P2 Down p95, of own p50", "a": "reticle", "b": "reticle", "metric": "down_p95_ms", "metric_b": "down_p50_ms", "limit": 3},
  {"name": "P2 PageDown p50, of tig", "a": "reticle", "b": "tig", "metric": "pagedown_p50_ms", "limit": 0.5},
  {"name": "P2 bytes a Down, of tig", "a": "reticle", "b": "tig", "metric": "down_bytes", "limit": 0.25},
  {"name": "P3 1,000 keys, of tig", "a": "reticle", "b": "tig", "metric": "burst_ms", "limit": 0.05},
  {"name": "P3 1,000 keys, of less", "a": "reticle", "b": "less", "metric": "burst_ms", "limit": 0.5},
  {"name": "P8 memory while browsing, MB", "a": "reticle", "b": null, "metric": "pss_mb", "limit": 10},
  {"name": "P10 idle bytes", "a": "reticle", "b": null, "metric": "idle_bytes", "limit": 0},
  {"name": "P10 idle CPU, ms a second", "a": "reticle", "b": null, "metric": "idle_cpu_ms_per_s", "limit": 1},
  {"name": "P10 idle switches a second", "a": "reticle", "b": null, "metric": "idle_switches_per_s", "limit": 5}]}
JSON
echo "measuring..." >&2
python3 "$here/ttybench.py" "$dir/manifest.json" --rounds "$rounds"
