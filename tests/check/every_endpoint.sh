# Every endpoint of the reference, by curl and a second implementation of the signature; the tables
# of client and sandbox must name the same ones, and each must be called.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --no-rate-limit
python3 "$(dirname "$0")/every_endpoint.py" "$dir/ready"
