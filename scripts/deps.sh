#!/bin/sh
# Install what the build needs and pkg-config does not find. Prints the list before it touches
# anything; on a system without apt it prints the list and stops.
# usage: deps.sh [--test] PKG_CONFIG_NAME...
set -u

debian_package() {
	case $1 in
	ncursesw) echo libncurses-dev ;;
	libcurl) echo libcurl4-openssl-dev ;;
	libcjson) echo libcjson-dev ;;
	yaml-0.1) echo libyaml-dev ;;
	sqlite3) echo libsqlite3-dev ;;
	libcrypto) echo libssl-dev ;;
	libutf8proc) echo libutf8proc-dev ;;
	libmicrohttpd) echo libmicrohttpd-dev ;;
	cmocka) echo libcmocka-dev ;;
	vterm) echo libvterm-dev ;;
	*) echo "$1" ;;
	esac
}

missing=
need() { missing="$missing $1"; }

command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || need gcc
[ -e /usr/include/stdio.h ] || need libc6-dev
command -v pkg-config >/dev/null 2>&1 || need pkg-config
if [ "${1:-}" = --test ]; then
	shift
	command -v clang-format >/dev/null 2>&1 || need clang-format
	command -v tmux >/dev/null 2>&1 || need tmux
	command -v python3 >/dev/null 2>&1 || need python3
	command -v curl >/dev/null 2>&1 || need curl
	command -v openssl >/dev/null 2>&1 || need openssl
fi
for p in "$@"; do
	if ! command -v pkg-config >/dev/null 2>&1 || ! pkg-config --exists "$p" 2>/dev/null; then
		d=$(debian_package "$p")
		case " $missing " in *" $d "*) ;; *) need "$d" ;; esac
	fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "missing:$missing" >&2
	echo "(Debian's names; install what your system calls them, then run make again)" >&2
	exit 1
fi
echo "installing with apt:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "not root and no sudo: install these, then run make again:$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
