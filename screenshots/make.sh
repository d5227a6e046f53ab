#!/bin/sh
# `make screenshots`: drive the demo in a real terminal (tmux), and turn what it shows into the SVG
# pictures of the README. Needs tmux and python3. usage: make.sh PATH_OF_RETICLE
set -eu
reticle=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
for p in tmux python3; do
	command -v $p >/dev/null || { echo "screenshots need $p (Debian: apt-get install tmux python3)" >&2; exit 2; }
done
dir=$(mktemp -d)
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
export LC_ALL=C.UTF-8 TZ=UTC
cols=110 rows=30
t() { tmux -S "$dir/tmux" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null || true; rm -rf "$dir"' EXIT

wait_for() { # wait_for TEXT: until the screen shows it and nothing is loading
	n=0
	until t capture-pane -p | grep -qF -- "$1" && ! t capture-pane -p | tail -n 1 | grep -q "in flight"; do
		n=$((n + 1))
		[ $n -lt 200 ] || { echo "never showed: $1" >&2; t capture-pane -p >&2; exit 1; }
		sleep 0.1
	done
}
press() { t send-keys "$@"; }
shot() { # shot NAME TITLE
	sleep 0.4
	t capture-pane -e -N -p | python3 "$here/ansi2svg.py" $cols $rows "$2" >"$here/$1.svg"
	echo "$here/$1.svg"
}

t new-session -d -x $cols -y $rows "$reticle demo --fresh"
t set -g default-terminal tmux-256color
wait_for "Home buyers in San Francisco"
wait_for " 9 "
shot line-items "reticle: line items"
press Enter
wait_for "rental scam"
press a
wait_for "which kind"
press -l "location"
press Enter
press -l "san francisco"
wait_for "South San Francisco"
shot picker "reticle: choosing a location"
press Enter
wait_for "1 staged"
press / && press -l "rental" && press Enter
press d
wait_for "2 staged"
press Escape
wait_for "1/10"
press t
wait_for "reach "
shot criteria "reticle: targeting criteria, two changes staged"
press r
wait_for "2 changes on 1 line item"
shot review "reticle: the review before posting"
press P
wait_for "Type"
shot post "reticle: asked once more"
press Escape
wait_for "nothing was posted"
press 4
wait_for "Targetable"
shot audiences "reticle: which audiences can be targeted, and why not"
press '?'
wait_for "find:"
shot help "reticle: the keys of this place"
