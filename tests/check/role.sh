# A user whose role may only look: browses, every editing key is off and says why, nothing is staged.
# Then the same user as Ad manager, so that the check can fail.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
account=$(field account_id)
role() { control edit "{\"access\":{\"account_id\":\"$account\",\"permissions\":\"$1\"}}" >/dev/null; }

browse() { # browse NAME: look at criteria, then press the keys that edit
	forget
	play 120x40 <<SCRIPT
:expect Home buyers in San Francisco
enter

:screen $1-criteria.txt
a
:screen $1-add.txt
d
:screen $1-remove.txt
:messages
:screen $1-messages.txt
SCRIPT
}

role CAMPAIGN_ANALYST
browse analyst
sed -n 1,3p "$dir/analyst-criteria.txt"
for key in add remove messages; do
	shows "analyst-$key.txt" 'your role here \(analyst\) may look, not change; ask for Ad manager'
done
if grep -qE '[0-9]+ staged' "$dir/analyst-messages.txt"; then
	echo "an analyst staged something:"
	cat "$dir/analyst-messages.txt"
	exit 1
fi
role AD_MANAGER
browse manager
if grep -q 'may look, not change' "$dir"/manager-*.txt; then
	echo "an Ad manager was refused:"
	cat "$dir"/manager-*.txt
	exit 1
fi
