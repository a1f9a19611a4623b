#!/usr/bin/env python3
"""Compares transitions of rules/repeat.yml with open_oracle_repeat.csv: equal as sets, or the differences side by side.

    tocsin replay ... --show-subjects | compare_repeat.py ORACLE.csv [TRANSITIONS.ndjson]

Columns compared: opened_at, closed_at, customer, region, rule, count (measure n at the opening), trigger_event.
Exit code 1 on any difference.
"""
import csv
import sys

import transitions

COLUMNS = ("opened_at", "closed_at", "customer", "region", "rule", "count", "trigger_event")


def expected(path, shown=lambda customer: customer):
    """The oracle's rows; `shown` turns a customer into what the transitions show of them."""
    with open(path, newline="", encoding="utf-8") as file:
        return [(r["opened_at"], r["closed_at"], shown(r["customer"]), r["region"], r["rule"], int(r["count"]), r["trigger_event"])
                for r in csv.DictReader(file)]


def actual(lines):
    rows = []
    for episode in transitions.episodes(transitions.unique(lines)).values():
        opening, closing = episode.opening, episode.closing
        if closing and closing["reason"] != "quiet":
            raise transitions.Wrong(f"a count that fell closes as quiet, not as {closing['reason']}: {closing}")
        rows.append((opening["at"], closing["at"] if closing else "", episode.subject[0], opening.get("area"),
                     opening["rule"].removeprefix("Repeat"), opening["measures"]["n"], opening["trigger"]))
    return rows


def main(oracle, path=None):
    with open(path, encoding="utf-8") if path else sys.stdin as lines:
        try:
            return 0 if transitions.compare(expected(oracle), actual(lines), COLUMNS, sys.stdout) else 1
        except transitions.Wrong as wrong:
            print(wrong)
            return 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
