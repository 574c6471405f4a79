#!/usr/bin/env bash
# Instructions a call, as valgrind's callgrind counts them: the slope between 200 and 1,200 calls, which
# leaves out what is done once. The server is a process of its own and is not counted.
#
#   benches/instructions.sh [SIDE…]     baseline, tuned-baseline, generated, wrapper, wrapper-handles; by default all
#
# The profile of a run stays in target/callgrind/SIDE.CALLS, for callgrind_annotate.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
  echo 'skipped: valgrind is not installed, and nothing else counts instructions'
  exit 0
fi

profiles=target/callgrind
mkdir -p "$profiles"
bench=$(cargo bench --package benches --bench calls --no-run --locked --message-format=json |
  sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)

# Instructions of a whole run: SIDE CALLS
counted() {
  valgrind --tool=callgrind --callgrind-out-file="$profiles/$1.$2" "$bench" --side "$1" --calls "$2" 2>&1 |
    sed -n 's/.*Collected : //p'
}

[ $# -gt 0 ] || set -- baseline tuned-baseline generated wrapper wrapper-handles
baseline=''
printf '%-15s %12s %7s\n' side instructions ratio
for side in "$@"; do
  few=$(counted "$side" 200)
  many=$(counted "$side" 1200)
  slope=$(((many - few) / 1000))
  baseline=${baseline:-$slope}
  awk -v side="$side" -v slope="$slope" -v baseline="$baseline" \
    'BEGIN { printf "%-15s %12d %7.3f\n", side, slope, slope / baseline }'
done
