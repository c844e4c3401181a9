#!/usr/bin/env bash
# Measures Hookup's server beside others, in one run, and prints the comparison as a markdown table.
#
#   compare.sh [-r ROUNDS] [-s SECONDS] [-i CONNECTIONS] [-b BENCH] [-o FILE]
#     -r   rounds; the servers take turns in each (default 3)
#     -s   seconds that each cell is measured, in each round (default 3)
#     -i   idle connections (default 2000)
#     -b   the hookup-bench program, a release build (default: .build/release/hookup-bench, else .build-release's)
#     -o   also keeps each measurement in FILE, one JSON object a line
#
# The server runs on the first processor, the load on the second. What counts is messages per CPU-second of the server,
# and its ratio to plain SwiftNIO with NIOWebSocket in the same round; the table holds the median of the rounds.
# Further servers, left out with a line when they are missing: picows with uvloop (PyPI), the ws package of node (Debian:
# node-ws), and any program named by $UWS_SERVER that takes --mode echo|broadcast|acked --port P.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=3 seconds=3 idle=2000 bench='' out=''
usage() { sed -n '2,15p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2; exit 64; }
while getopts 'r:s:i:b:o:h' option; do
  case $option in
    r) rounds=$OPTARG ;; s) seconds=$OPTARG ;; i) idle=$OPTARG ;;
    b) bench=$OPTARG ;; o) out=$OPTARG ;; *) usage ;;
  esac
done
if [ -z "$bench" ]; then
  for candidate in "$root/.build/release/hookup-bench" "$root/.build-release/release/hookup-bench"; do
    [ -x "$candidate" ] && { bench=$candidate; break; }
  done
fi
[ -x "$bench" ] || {
  echo "compare: no release build: run 'swift build -c release --product hookup-bench'" >&2
  exit 1
}
python=${PYTHON:-python3}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/hookup-compare.XXXXXX")
results=${out:-$scratch/results.jsonl}
: >"$results"
server=''
stop() {
  [ -n "$server" ] || return 0
  kill -TERM "$server" 2>/dev/null || true
  for _ in $(seq 50); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=''
}
trap 'stop; rm -rf "$scratch"' EXIT

# Pinning needs two processors; without them the figures are of little worth, and the table says so.
pin() { if [ "$pinned" = 1 ]; then exec taskset -c "$1" "${@:2}"; else exec "${@:2}"; fi; }
pinned=1
if [ "$(nproc)" -lt 2 ] || ! command -v taskset >/dev/null; then pinned=0; fi

start() { # NAME MODE: starts a server, sets $server and $url
  local name=$1 mode=$2
  : >"$scratch/server.out"
  case $name in
    hookup | nio) set -- "$bench" serve --engine "$name" ;;
    'hookup events') set -- "$bench" serve --style events ;;
    picows) set -- "$python" "$here/picows_server.py" ;;
    'node ws') set -- node "$here/node_ws_server.js" ;;
    uWebSockets) set -- "$UWS_SERVER" ;;
  esac
  (pin 0 "$@" --mode "$mode" --port 0) >"$scratch/server.out" 2>"$scratch/server.err" &
  server=$!
  url=''
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$scratch/server.out")
    [ -n "$url" ] && return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  echo "compare: $name does not start: $(tail -n 3 "$scratch/server.err")" >&2
  stop
  return 1
}

cell() { # ROUND NAME ROW MODE SUBCOMMAND OPTION...
  local round=$1 name=$2 row=$3 mode=$4
  shift 4
  start "$name" "$mode" || return 0
  local report=''
  report=$(pin 1 timeout 300 "$bench" "$@" --pid "$server" --json "$url" 2>"$scratch/load.err") || {
    echo "compare: $name, $row: $(tail -n 3 "$scratch/load.err")" >&2
  }
  stop
  [ -n "$report" ] || return 0
  printf '{"round":%s,"server":"%s","row":"%s","report":%s}\n' "$round" "$name" "$row" "$report" \
    >>"$results"
  echo "round $round, $name, $row: done" >&2
}

export NODE_PATH=${NODE_PATH:-/usr/share/nodejs:/usr/lib/nodejs}
servers=(hookup 'hookup events' nio)
if "$python" -c 'import picows, uvloop' 2>/dev/null; then
  servers+=(picows)
else
  echo 'left out: picows (needs the Python packages picows and uvloop)'
fi
if command -v node >/dev/null && node -e 'require("ws")' 2>/dev/null; then
  servers+=('node ws')
else
  echo 'left out: node ws (needs node and its ws package)'
fi
if [ -n "${UWS_SERVER:-}" ] && [ -x "${UWS_SERVER:-}" ]; then
  servers+=(uWebSockets)
else
  echo 'left out: uWebSockets (needs a program in $UWS_SERVER)'
fi

for round in $(seq "$rounds"); do
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'echo 64 × 1' echo \
      echo --connections 64 --outstanding 1 --bytes 100 --seconds "$seconds"
  done
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'echo 64 × 16' echo \
      echo --connections 64 --outstanding 16 --bytes 100 --seconds "$seconds"
  done
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'echo 16 KiB, 16 × 4' echo \
      echo --connections 16 --outstanding 4 --bytes 16384 --seconds "$seconds"
  done
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'fan-out 1→500, 16' broadcast \
      fanout --connections 500 --outstanding 16 --bytes 100 --seconds "$seconds"
  done
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'acked 16 × 16' acked \
      acked --connections 16 --outstanding 16 --bytes 100 --seconds "$seconds"
  done
  for name in "${servers[@]}"; do
    cell "$round" "$name" 'KiB per idle connection' echo idle --connections "$idle" --seconds 1
  done
done

"$python" "$here/compare_table.py" "$results" --pinned "$pinned" --idle "$idle"
