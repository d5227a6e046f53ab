#!/bin/sh
# The rules that decay without a check: include directions, banned functions, sizes, formatting.
# Prints every violation; the last line is "lint: N violations".
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
report() {
	[ -n "$1" ] || return 0
	printf '%s\n' "$1"
	bad=$((bad + $(printf '%s\n' "$1" | wc -l)))
}

files=$(git ls-files -co --exclude-standard '*.c' '*.h' '*.def')

# --- include directions (docs/architecture.md, "Folders")
may() {
	case $1 in
	base) echo base ;;
	config) echo base config ;;
	targeting) echo base config targeting ;;
	store) echo base config targeting store ;;
	api) echo base config targeting store api ;;
	session) echo base config targeting store api session ;;
	tui) echo base config tui ;;
	views) echo base config targeting store api session tui views ;;
	sandbox) echo base targeting sandbox ;;
	*) echo base config targeting store api session tui views cli sandbox tests bench ;;
	esac
}
for f in $files; do
	d=${f%%/*}
	allowed=" $(may "$d") "
	report "$(sed -n 's/^#[[:space:]]*include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u | while read -r inc; do
		case $allowed in *" $inc "*) ;; *) echo "$f: $d/ may not include $inc/" ;; esac
	done)"
done

only() { # only FOLDERS PATTERN WHAT
	report "$(for f in $files; do
		case " $1 " in *" ${f%%/*} "*) continue ;; esac
		grep -nE "$2" "$f" | sed "s|^|$f:|; s|\$|   ($3)|"
	done)"
}
only "tui tests bench" '^#include <(ncurses|curses|ncursesw/)' "curses belongs to tui/"
only "api tests" '^#include <curl/' "curl belongs to api/"
only "api sandbox tests" '^#include <openssl/' "libcrypto belongs to api/ (and to the sandbox, which shares nothing)"
report "$(grep -nE '^#include <sqlite3' $(git ls-files -co --exclude-standard 'base/*.[ch]' 'config/*.[ch]' 'targeting/*.[ch]' 'api/*.[ch]' 'tui/*.[ch]' 'session/*.[ch]' 'views/*.[ch]' 2>/dev/null) /dev/null)"
report "$(grep -nE '^#include <(cjson|yaml|microhttpd)' $(git ls-files -co --exclude-standard 'base/*.[ch]' 'targeting/*.[ch]' 'tui/*.[ch]' 'session/*.[ch]' 'views/*.[ch]' 2>/dev/null) /dev/null)"

# --- banned functions
code=$(git ls-files -co --exclude-standard '*.c' '*.h' | grep -v '^tests/lint/')
ban() { # ban REGEX WHY [EXCEPT]
	report "$(grep -nE "(^|[^_.>[:alnum:]])$1" $code /dev/null | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(/?\*|//)' |
		grep -E "^[^/]*/[^:]*:[0-9]+:.*(^|[^_.>[:alnum:]])$1" | sed 's|/\*.*\*/||' | grep -E "(^|[^_.>[:alnum:]])$1" |
		grep -vE "${3:-^$}" | sed "s|\$|   ($2)|")"
}
ban '(strcpy|strcat|sprintf|vsprintf|gets|strtok|strtok_r|atoi|atol|atoll|alloca|strncpy|strncat|mktemp|tmpnam)\(' 'banned function'
ban '(system|popen)\(' 'no shell'
ban 'valueint' 'saturates at 2^31'
ban '(malloc|calloc|realloc|free|strdup|strndup)\(' 'use base/mem.h' '^(base/mem\.c|tests/|sandbox/|bench/)'
ban '(printw|wprintw|mvprintw|mvwprintw|addstr|waddstr|mvaddstr|mvwaddstr|waddnstr)\(' 'text goes through the canvas' '^(tui/term|bench/)'
ban '(select|poll|ppoll|epoll_wait|curl_multi_poll|curl_multi_wait|usleep|nanosleep|sleep)\(' 'only base/loop.c waits' '^(base/loop\.c|api/(net|dynlib)|tests/|bench/|cli/(spawn|supervisor)|sandbox/)'

# --- sizes
report "$(wc -l $code | grep -v ' tests/' | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines (a file is one noun; 800 at most)" }')"
if command -v ctags >/dev/null 2>&1; then
	report "$(printf '%s\n' $code | grep '\.c$' | grep -v '^tests/' |
		ctags -L - --languages=C --kinds-C=f --fields=+ne -f - 2>/dev/null |
		awk -F'\t' '{ s = e = 0; for (i = 4; i <= NF; i++) { if ($i ~ /^line:/) s = substr($i, 6); if ($i ~ /^end:/) e = substr($i, 5) } if (e - s > 80) print $2 ": " $1 " has " e - s " lines (80 at most)" }')"
fi

# --- every trap G1 to G52 of the reference and every row A1 to A28, B1 to B24, C1 to C18, D1 to D13 of the fault matrix is
# --- the name of a test: in a C function, or in the first comment of a shell check
rows=$(git ls-files -co --exclude-standard 'tests/*.c' | xargs sed -n 's/^static void \([a-z0-9_]*\)(void \*\*.*/_\1/p'
	git ls-files -co --exclude-standard 'tests/*.sh' | xargs grep -hoE '^# .*' |
		grep -oE '\b[ABCDG][0-9]+\b' | tr ABCDG abcdg | sed 's/.*/_&_/')
for row in $(seq 52 | sed 's/^/g/') $(seq 28 | sed 's/^/a/') $(seq 24 | sed 's/^/b/') \
	$(seq 18 | sed 's/^/c/') $(seq 13 | sed 's/^/d/'); do
	case $rows in *"_${row}_"*) ;; *) report "no test is named after row $row" ;; esac
done

# --- what must not be in a repository
report "$(git grep -nIE '(^|[^[:alnum:]_.-])/(work|farm|root)/' -- . ':!tests/lint' 2>/dev/null | sed 's|$|   (path of a machine)|')"

# --- formatting
if command -v clang-format >/dev/null 2>&1; then
	for f in $code; do
		clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || report "$f: not formatted (make fmt)"
	done
else
	report "clang-format is not installed"
fi

echo "lint: $bad violations"
[ "$bad" = 0 ]
