#!/usr/bin/env bash
# Runs the public conformance suite of the WebSocket protocol, Autobahn, against this package in both directions: a selection that
# takes seconds, or with --all every case, some 15 minutes each way. Uses hookup-bench as `swift build` or `swift test` made it.
#
#   Resources/autobahn.sh [--all]
#
# Exits 1 when a case is anything but OK or INFORMATIONAL. Where the suite cannot be had, for want of Python 2.7 or of the network,
# it says so in one line and exits 0. HOOKUP_AUTOBAHN_DIR: where the suite is installed, ~/.cache/hookup-autobahn by default.
# HOOKUP_BENCH: the program to test.
set -euo pipefail
cd "$(dirname "$0")/.."
home=${HOOKUP_AUTOBAHN_DIR:-$HOME/.cache/hookup-autobahn}
bench=${HOOKUP_BENCH:-.build/debug/hookup-bench}
# Of each kind some: framing, pings, reserved bits and opcodes, fragments, UTF-8, closing, compression.
cases=1.1.1,1.1.3,1.1.6,1.2.2,1.2.7,2.*,3.*,4.*,5.*,6.2.*,6.4.*,7.1.*,7.3.*,7.5.1,7.7.1,7.9.1,10.1.1,12.1.1,13.1.1
short=79 limit=120
if [ "${1:-}" = --all ]; then cases='*' short=517 limit=3600; fi

skip() { echo "autobahn: skipped, $short cases not run each way: $1"; exit 0; }

# Everything the suite needs, by version: it is old, and so is what it runs on.
pins=(argparse==1.4.0 attrs==21.4.0 autobahn==0.10.9 autobahntestsuite==25.10.1 Automat==22.10.0 cffi==1.15.1 constantly==15.1.0
  cryptography==3.3.2 enum34==1.1.10 hyperlink==21.0.0 idna==2.10 incremental==16.10.1 ipaddress==1.0.23 Jinja2==2.11.3
  linecache2==1.0.0 traceback2==1.4.0 unittest2==1.1.0
  klein==17.10.0 MarkupSafe==1.1.1 pyasn1==0.5.1 pyasn1-modules==0.3.0 pycparser==2.21 PyHamcrest==1.10.1 pyOpenSSL==19.1.0
  service-identity==18.1.0 six==1.16.0 Twisted==19.10.0 txaio==2.1.0 typing==3.10.0.0 Werkzeug==1.0.1 zope.interface==4.6.0)
virtualenv=(configparser==4.0.2 contextlib2==0.6.0.post1 distlib==0.3.9 filelock==3.2.1 importlib-metadata==2.1.3
  importlib-resources==3.3.1 pathlib2==2.3.7.post1 platformdirs==2.0.2 scandir==1.10.0 singledispatch==3.7.0 six==1.16.0
  typing==3.10.0.0 virtualenv==20.15.1 zipp==1.2.0)

install() {
  local python=''
  if command -v pyenv >/dev/null; then python=$(PYENV_VERSION=2.7.18 pyenv which python2.7 2>/dev/null || true); fi
  [ -n "$python" ] || python=$(command -v python2.7 || true)
  [ -n "$python" ] && "$python" -c '' 2>/dev/null || skip "Python 2.7 is missing"
  mkdir -p "$home"
  echo "autobahn: installing the suite in $home"
  {
    timeout 300 "$python" -m pip install --no-deps --target "$home/boot" "${virtualenv[@]}" &&
      PYTHONPATH="$home/boot" timeout 120 "$python" -m virtualenv --no-periodic-update -p "$python" "$home/venv" &&
      timeout 300 "$home/venv/bin/pip" install --no-deps "${pins[@]}"
  } >"$home/install.log" 2>&1 || { rm -rf "$home/venv"; skip "the suite cannot be installed, see $home/install.log"; }
  rm -rf "$home/boot"
}

ready() { "$home/venv/bin/python" -W ignore -c 'import autobahntestsuite.fuzzing' 2>/dev/null; }
ready || install
ready || skip "the suite in $home does not work"
[ -x "$bench" ] || { echo "autobahn: there is no $bench: run swift build first" >&2; exit 2; }

work=$(mktemp -d)
started=''
end() {
  [ -z "$started" ] || kill "$started" 2>/dev/null || true
  rm -rf "$work"
}
trap end EXIT
suite() { exec timeout -k 10 "$limit" "$home/venv/bin/python" -W ignore Resources/conformance.py "$@"; }

# Waits for the first line of what was just started in the background: its last word.
first_word_of() {
  for _ in $(seq 200); do
    [ -s "$1" ] && { awk 'NR == 1 { print $NF }' "$1"; return; }
    kill -0 "$started" 2>/dev/null || break
    sleep 0.1
  done
  cat "$1" "$1.errors" >&2
  return 1
}

failed=0
timeout "$limit" "$bench" serve --mode echo --deflate --port 0 >"$work/listening" 2>"$work/listening.errors" &
started=$!
url=$(first_word_of "$work/listening")
(suite client "$url" "$work/server" "$cases") >"$work/client.log" 2>&1 || tail -n 5 "$work/client.log" >&2
kill "$started" && wait "$started" 2>/dev/null || true
echo -n "autobahn: as a server, "
(suite verdict "$work/server" "$cases") 2>"$work/verdict.errors" || failed=1

port=$((20000 + RANDOM % 12000))
(suite server "$port" "$work/client" "$cases") >"$work/count" 2>"$work/count.errors" &
started=$!
count=$(first_word_of "$work/count")
timeout "$limit" "$bench" autobahn --url "ws://127.0.0.1:$port" --agent hookup --cases "$count" >"$work/bench.log" 2>&1 ||
  { tail -n 5 "$work/bench.log" >&2; failed=1; }
kill "$started" && wait "$started" 2>/dev/null || true
started=''
echo -n "autobahn: as a client, "
(suite verdict "$work/client" "$cases") 2>"$work/verdict.errors" || failed=1
exit "$failed"
