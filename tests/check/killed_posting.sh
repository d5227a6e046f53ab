# 920 changes on 40 line items in ten batches, kill -9 while they are posted, at several points. After
# the next start every change is either in the account or on the stage; the rest is posted, everything
# is reverted, and the account is what it was, without a double.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --line-items 40 --criteria 5
write_profile "$(field consumer_secret)" 18ce5bulk01
printf 'batch_size: 100\n' >>"$dir/config/reticle/config.yaml"
before=$(control state_hash)

# words of their own for each point: the oracle of doubles remembers every write
words_of() {
	words=
	i=0
	while [ $i -lt 23 ]; do
		words="${words}z$1q$i\\n"
		i=$((i + 1))
	done
}

posts() { control ledger | grep -o '"method": *"POST"' | wc -l; }
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/recover.json"; }
fail() {
	echo "point $point: $*"
	cat "$dir/recover.json" "$dir"/*.txt 2>/dev/null || true
	exit 1
}

# kill_at POSTS FAULT: post, and kill once so many batches have been answered
kill_at() {
	point="$1 $2"
	words_of "$1"
	forget
	control faults "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/\",\"action\":\"$2\"}]}" >/dev/null
	first=$(posts)
	cat >"$dir/post.script" <<-S
		*
		a
		text keyword (broad)
		Enter
		paste $words
		Enter
		:expect 920 staged
		r
		P
		y
		:wait 920 applied and seen
	S
	(cd "$dir" && exec "$RETICLE" --script post.script --size 120x30) 2>/dev/null &
	client=$!
	while [ $(($(posts) - first)) -lt "$1" ]; do
		kill -0 $client 2>/dev/null || fail "it ended before it was killed"
	done
	kill -9 $client
	wait $client 2>/dev/null || true
	curl -sf -X DELETE "$(field url)/__sandbox/faults" >/dev/null
}

recover() {
	"$RETICLE" recover --json >"$dir/recover.json" || fail "recover ended with $?"
	[ "$(number unknown)" = 0 ] || fail "something is still unknown"
	staged=$(number staged)
	done_now=$("$RETICLE" journal --json | grep -o '"state":"present"' | wc -l)
	[ $((staged + done_now)) = 920 ] || fail "$staged staged and $done_now done are not 920"
	[ "$staged" -lt 920 ] || fail "nothing had been posted"
}

finish_and_revert() {
	play 120x30 <<-S
		r
		:expect $staged changes on
		P
		y
		:expect $staged applied and seen
		7
		gg
		V
		7
		j
		V
		:screen revert.txt
		:expect 920 staged
		P
		text widen
		Tab
		Tab
		y
		:expect 920 applied and seen
		:expect nothing staged
	S
	[ "$(control state_hash)" = "$before" ] || fail "the account is not what it was"
	control doubles | grep -qE '"count": *0' || fail "the sandbox saw a double"
}

for point in "1 stall@post-commit:60" "4 stall@pre-commit:60" "8 stall@resp-hdr:60"; do
	# shellcheck disable=SC2086
	kill_at $point
	recover
	finish_and_revert
done
