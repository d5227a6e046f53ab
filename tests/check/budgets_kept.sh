# What X said about its rate limits is shown again after a restart, before anything was asked.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --rate core=1000
play 120x40 <<'SCRIPT'
:expect Home buyers in San Francisco
:budgets
:expect Rate limits of X
:screen first.txt
SCRIPT
shows first.txt 'line_items, here  *999 left  *1000 '
# without the network nothing can be learnt anew: what is shown was kept
stop_sandbox
play 120x40 <<'SCRIPT'
:expect Home buyers in San Francisco
:budgets
:expect Rate limits of X
:screen second.txt
SCRIPT
shows second.txt 'line_items, here  *999 left  *1000 '
