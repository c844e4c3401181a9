"""The Autobahn test suite for autobahn.sh; Python 2.7.

  conformance.py server PORT DIRECTORY CASES     test a client: listens on 127.0.0.1, prints the number of cases
  conformance.py client URL DIRECTORY CASES      test a server
  conformance.py verdict DIRECTORY CASES         print the result; exits 1 unless every case is right

CASES is a list of patterns with commas. The reports are written when the process ends, also by SIGTERM.
"""
import collections
import json
import os
import sys

# The suite prints as it pleases; only what is said here is to be read.
output, sys.stdout = sys.stdout, sys.stderr

from autobahntestsuite import choosereactor  # first of all, or Twisted picks a reactor of its own
from autobahntestsuite import fuzzing
from twisted.internet import reactor

AGENT = "hookup"


def spec(directory, cases, **more):
    return dict(more, outdir=directory, cases=cases.split(","), **{"exclude-cases": [], "exclude-agent-cases": {}})


def server(port, directory, cases):
    factory = fuzzing.FuzzingServerFactory(spec(directory, cases, url="ws://127.0.0.1:" + port))
    reactor.listenTCP(int(port), factory, interface="127.0.0.1")
    reactor.addSystemEventTrigger("before", "shutdown", factory.createReports)
    output.write("%d\n" % len(factory.specCases))
    output.flush()
    reactor.run()


def client(url, directory, cases):
    # It dials, writes its reports and stops by itself.
    fuzzing.FuzzingClientFactory(spec(directory, cases, servers=[{"agent": AGENT, "url": url}]))
    reactor.run()


def verdict(directory, cases):
    wanted = fuzzing.FuzzingServerFactory(spec(directory, cases, url="ws://127.0.0.1:1")).specCases
    with open(os.path.join(directory, "index.json")) as file:
        results = json.load(file).get(AGENT, {})
    counts = collections.Counter()
    bad = []
    for case in wanted:
        result = results.get(case, {})
        labels = [str(result.get(key, "MISSING")) for key in ("behavior", "behaviorClose")]
        wrong = [label for label in labels if label not in ("OK", "INFORMATIONAL")]
        counts[(wrong or sorted(labels))[0]] += 1
        if wrong:
            bad.append("%s %s" % (case, "/".join(labels)))
    output.write("%d cases: %s\n" % (len(wanted), ", ".join("%d %s" % (counts[key], key) for key in sorted(counts))))
    for line in bad:
        output.write("  %s\n" % line)
    sys.exit(1 if bad or not wanted else 0)


if __name__ == "__main__":
    {"server": server, "client": client, "verdict": verdict}[sys.argv[1]](*sys.argv[2:])
