# Shared by the checks that need a sandbox: own directories, a profile, faults, the ledger.
dir=$(mktemp -d)
sandbox=
cleanup() {
	[ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
export TZ=UTC LC_ALL=C.UTF-8

start_sandbox() { # start_sandbox [ARG...]
	rm -f "$dir/listening"
	mkfifo "$dir/listening"
	"$RETICLE_SANDBOX" --ready-fd 9 "$@" >"$dir/ready" 2>"$dir/sandbox.log" 9>"$dir/listening" &
	sandbox=$!
	read -r port <"$dir/listening" || port=
	[ -n "$port" ] || { echo "the sandbox did not start"; cat "$dir/sandbox.log"; exit 1; }
	write_profile "$(field consumer_secret)" "$(field account_id)"
}

stop_sandbox() {
	kill "$sandbox" 2>/dev/null || true
	wait "$sandbox" 2>/dev/null || true
	sandbox=
}

field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$dir/ready"; }

write_profile() { # write_profile SECRET ACCOUNT
	mkdir -p "$dir/config/reticle"
	cat >"$dir/config/reticle/config.yaml" <<YAML
profiles:
  check:
    base_url: $(field url)
    account: $2
    consumer_key: $(field consumer_key)
    consumer_secret: $1
    access_token: $(field access_token)
    access_token_secret: $(field access_token_secret)
YAML
	chmod 600 "$dir/config/reticle/config.yaml"
}

forget() { rm -rf "$dir/state" "$dir/cache"; }

control() { # control PATH [JSON]: GET, or POST the JSON
	if [ $# = 2 ]; then
		curl -sf -H 'Content-Type: application/json' -d "$2" "$(field url)/__sandbox/$1"
	else
		curl -sf "$(field url)/__sandbox/$1"
	fi
}

play() { # play SIZE <script: run it, screens land in $dir
	cat >"$dir/play.script"
	(cd "$dir" && timeout 300 "$RETICLE" --script play.script --size "$1")
}

shows() { # shows FILE PATTERN
	grep -qE -- "$2" "$dir/$1" || {
		echo "$1 does not show \"$2\":"
		cat "$dir/$1"
		exit 1
	}
}
