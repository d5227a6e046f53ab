#!/bin/sh
# Nothing but the apply engine opens the door for writes (api/mutate.h).
set -u
cd "$(dirname "$0")/../.." || exit 1
found=$(grep -rlE --include='*.[ch]' '"api/mutate\.h"' base config targeting store api tui views cli sandbox |
	grep -vE '^api/(mutate|apply)\.c$')
[ -z "$found" ] || {
	echo "these may not include api/mutate.h:"
	echo "$found"
	exit 1
}
