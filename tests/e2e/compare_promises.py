#!/usr/bin/env python3
"""Compares transitions of rules/promise.yml with open_oracle_promises.csv: equal as sets, or the differences side by side.

    tocsin replay ... --show-subjects | compare_promises.py ORACLE.csv [TRANSITIONS.ndjson [EVENTS.jsonl.gz]]

Columns compared: opened_at, closed_at, reason, outage, region, promised. A transition does not carry the broken promise's due
time, but its trigger is the event that stated it: with EVENTS (what was replayed), `promised` is looked up there by the
trigger, TOPIC/0/LINE. Without EVENTS that column is left out. Exit code 1 on any difference.
"""
import csv
import gzip
import json
import sys

import transitions

COLUMNS = ("opened_at", "closed_at", "reason", "outage", "region", "promised")


def expected(path, with_promised, shown=lambda outage: outage):
    """The oracle's rows; `shown` turns an outage into what the transitions show of it."""
    with open(path, newline="", encoding="utf-8") as file:
        return [(r["opened_at"], r["closed_at"], r["reason"], shown(r["outage"]), r["region"],
                 r["promised"] if with_promised else "") for r in csv.DictReader(file)]


def actual(lines, promised_by_trigger=None):
    """`promised_by_trigger` gives the due time stated by the event of this id; None: the column stays empty."""
    rows = []
    for episode in transitions.episodes(transitions.unique(lines)).values():
        opening, closing = episode.opening, episode.closing
        rows.append((opening["at"], closing["at"] if closing else "", closing["reason"] if closing else "", episode.subject[0],
                     opening.get("area"), promised_by_trigger(opening["trigger"]) if promised_by_trigger else ""))
    return rows


def promised_by_line(path):
    """Looks `promised` up by an id TOPIC/0/LINE, lines counted from 1."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        promised = [json.loads(line).get("promised", "") for line in file]
    return lambda trigger: promised[int(trigger.rpartition("/")[2]) - 1]


def main(oracle, path=None, events=None):
    lookup = promised_by_line(events) if events else None
    with open(path, encoding="utf-8") if path else sys.stdin as lines:
        try:
            rows = actual(lines, lookup)
            return 0 if transitions.compare(expected(oracle, bool(events)), rows, COLUMNS, sys.stdout) else 1
        except transitions.Wrong as wrong:
            print(wrong)
            return 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
