#!/usr/bin/env python3
"""Turns the measurements of compare.sh, one JSON object a line, into markdown tables."""

import argparse
import json
from statistics import median

BASELINE = "nio"
IDLE = "KiB per idle connection"


def cpu_rate(report):
    return report.get("server", {}).get("messages_per_cpu_second")


def wall_rate(report):
    return report.get("messages_per_second")


def idle_size(report):
    server = report.get("server", {})
    return server.get("pss_kib_per_connection", server.get("rss_kib_per_connection"))


def figures(measurements, row, server, figure):
    """{round: figure} of a server in a row."""
    found = {}
    for entry in measurements:
        if entry["row"] == row and entry["server"] == server:
            value = figure(entry["report"])
            if value is not None:
                found[entry["round"]] = value
    return found


def short(number):
    return f"{number / 1000:,.1f} k" if number >= 1000 else f"{number:.0f}"


def rate_cell(measurements, row, server):
    rates = figures(measurements, row, server, cpu_rate)
    if not rates:
        return "–"
    base = figures(measurements, row, BASELINE, cpu_rate)
    ratios = [rate / base[turn] for turn, rate in rates.items() if base.get(turn)]
    ratio = f"**{median(ratios):.2f}** " if ratios else ""
    walls = figures(measurements, row, server, wall_rate)
    errors = sum(
        entry["report"]["errors"]["total"] for entry in measurements
        if entry["row"] == row and entry["server"] == server)
    trouble = f", {errors} errors" if errors else ""
    return f"{ratio}{short(median(rates.values()))} ({short(median(walls.values()))}/s{trouble})"


def idle_cell(measurements, server):
    sizes = figures(measurements, IDLE, server, idle_size)
    return f"{median(sizes.values()):.1f}" if sizes else "–"


def table(measurements):
    rows = list(dict.fromkeys(entry["row"] for entry in measurements))
    servers = list(dict.fromkeys(entry["server"] for entry in measurements))
    lines = ["| server | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for server in servers:
        cells = [
            idle_cell(measurements, server) if row == IDLE
            else rate_cell(measurements, row, server) for row in rows]
        lines.append(f"| {server} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results")
    parser.add_argument("--pinned", type=int, default=1)
    parser.add_argument("--idle", type=int, default=2000)
    arguments = parser.parse_args()
    with open(arguments.results, encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines if line.strip()]
    if not found:
        raise SystemExit("nothing was measured")
    rounds = len({entry["round"] for entry in found})
    print(
        f"\nRatio to {BASELINE} in the same round (median of {rounds}), messages per CPU-second of "
        f"the server (messages per second of wall time); memory with {arguments.idle} idle connections."
    )
    if not arguments.pinned:
        print("Server and load shared their processors: the figures are of little worth.")
    print("\n" + table(found))
