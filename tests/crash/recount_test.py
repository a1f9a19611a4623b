#!/usr/bin/env python3
"""The recount is only worth something if it is right: it must reproduce the real sets' oracles, and small cases by hand."""
import csv
import datetime
import gzip
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import data
import recount
import scenario
from scenario import DAY, HOUR, MINUTE


class PlainIds:
    """Ids that a reader can read."""

    def pseudonym(self, kind, value):
        return value

    def episode(self, rule, subject, opening, earlier=0):
        return f"{rule}/{subject[0]}/{opening}"


def millis(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * 1000


def complaint(minute, customer="ann", area="Province/City-01/County-01", channel="app"):
    return {"id": f"{customer}@{minute}", "ts": minute * MINUTE, "type": "complaint", "customer": customer, "region": area,
            "channel": channel}


def promise_event(minute, kind, **fields):
    return {"id": f"p@{minute}", "ts": minute * MINUTE, "type": kind, "customer": "ann", "region": "x", **fields}


class ByHand(unittest.TestCase):
    def cases(self, events, rule):
        made = recount.cases(events, PlainIds())
        return [(at // MINUTE, kind, level, reason) for key, (at, kind, level, reason) in made.items() if key.startswith(rule)]

    def test_a_window_opens_rises_falls_and_closes_to_the_minute(self):
        events = [complaint(m) for m in (10, 20, 30, 40, 50)] + [complaint(5000, "bob")]
        self.assertEqual(self.cases(events, "HighFrequencyComplainant"), [
            (30, "opened", "yellow", None), (40, "updated", "yellow", None), (50, "raised", "orange", None),
            (10 + 1440, "lowered", "yellow", None), (30 + 1440, "closed", None, "quiet")])

    def test_an_event_at_the_instant_an_old_one_leaves_keeps_the_rule_true(self):
        events = [complaint(m) for m in (10, 20, 30, 10 + 1440)] + [complaint(9000, "bob")]
        self.assertEqual(self.cases(events, "HighFrequencyComplainant"), [
            (30, "opened", "yellow", None), (1450, "updated", "yellow", None), (1460, "closed", None, "quiet")])

    def test_staff_do_not_count_for_a_person(self):
        events = [complaint(m, channel="staff") for m in (10, 20, 30, 40)]
        self.assertEqual(self.cases(events, "HighFrequencyComplainant"), [])

    def test_a_promise_breaks_rises_and_is_fulfilled(self):
        registered = promise_event(0, "registration", result="ok", was_suspended=True)
        again = promise_event(30, "registration", result="ok", was_suspended=True)
        for end, expected in [
                (60, []),                                        # exactly on time is in time
                (61, [(60, "opened", "yellow", None), (61, "closed", None, "fulfilled")]),
                (300, [(60, "opened", "yellow", None), (240, "raised", "orange", None), (300, "closed", None, "fulfilled")])]:
            with self.subTest(end=end):
                self.assertEqual(self.cases([registered, again, promise_event(end, "reconnection")], "Reg"), expected)
        self.assertEqual(self.cases([registered, complaint(60, "bob")], "Reg"), [(60, "opened", "yellow", None)])
        self.assertEqual(self.cases([dict(registered, result="failed"), complaint(99, "bob")], "Reg"), [])

    def test_people_of_an_area_are_counted_once_in_the_hour_of_their_latest_complaint(self):
        crowd = [complaint(100, f"c{i}") for i in range(29)]
        self.assertEqual(recount.warnings(crowd + crowd[:5] + [complaint(130, "c1")]), [])
        self.assertEqual(recount.warnings(crowd + [complaint(159, "d")]), [("Province/City-01/County-01", "blue", 159)])
        self.assertEqual(recount.warnings(crowd + [complaint(160, "d")]), [])
        # c1 complains again after an hour: the window holds one person, not two.
        self.assertEqual(recount.warnings(crowd + [complaint(150, "c1"), complaint(160, "d"), complaint(161, "e")]), [])

    def test_a_warning_outlives_a_pause_and_becomes_two_after_a_long_one(self):
        first = [complaint(100, f"c{i}") for i in range(50)]
        soon, late = ([complaint(m, f"d{i}") for i in range(50)] for m in (180, 200))
        self.assertEqual(len(recount.warnings(first + soon)), 1)
        self.assertEqual(len(recount.warnings(first + late)), 2)

    def test_cells_hold_the_last_hour(self):
        made = recount.cells([complaint(10, "a"), complaint(90, "a"), complaint(95, "a"), complaint(95, "b"), complaint(100, "c")])
        self.assertEqual(made["Province/City-01", 90], (1, 0))
        self.assertEqual(made["Province/City-01/County-01", 95], (2, 2))
        self.assertNotIn(("Province/City-01", 10), made)


class Scenario(unittest.TestCase):
    def test_the_scenario_keeps_its_promises(self):
        events = scenario.generate(seed=1, events=100_000)
        self.assertEqual(sorted({e["ts"] for e in events}), [e["ts"] for e in events])
        last = {}
        for event in events:
            self.assertGreaterEqual(event["ts"] - last.get(event["customer"], 0), 2 * MINUTE)
            last[event["customer"]] = event["ts"]
        made = recount.cases(events, PlainIds())
        self.assertGreaterEqual(sum(1 for _, kind, _, _ in made.values() if kind == "opened"), 1000)
        self.assertEqual({reason for *_, reason in made.values()}, {None, "quiet", "fulfilled", "cancelled"})
        self.assertTrue(recount.far_from_the_edge(events))
        for way, partitions in (("direct", 4), ("rekey", 5)):
            layout = scenario.Layout(events, way)
            self.assertEqual(len(layout.records), partitions)
            for event in events:
                topic, partition, offset = layout.place[event["id"]]
                self.assertEqual(layout.records[topic, partition][offset][1], scenario.to_json(event))
            self.assertGreaterEqual(len(layout.unreadable), 4)


class RealData(unittest.TestCase):
    def test_the_recount_reproduces_the_oracles_of_repeats(self):
        for name in ("itsm", "boston", "tipdm"):
            folder = data.real(name, "recount of repeats")
            if folder is None:
                return
            with gzip.open(os.path.join(folder, "open.jsonl.gz"), "rt", encoding="utf-8") as file:
                events = [json.loads(line) for line in file]
            end = millis(max(event["ts"] for event in events))
            judges = {}
            for event in events:
                if not event.get("customer") or event.get("channel") in ("staff", "system"):
                    continue
                for rule, count, window in (("3in7d", 3, 7), ("3in30d", 3, 30), ("5in30d", 5, 30), ("10in30d", 10, 30)):
                    key = (rule, event["customer"])
                    if key not in judges:
                        judges[key] = recount.Person(rule, window * DAY, {"yellow": count}, PlainIds(), event["customer"])
                    judges[key].event({"id": event["id"], "ts": millis(event["ts"])})
            made = []
            for (rule, customer), judge in judges.items():
                judge.expire(end, inclusive=True)
                openings = [(key, at) for key, at, kind, _, _ in judge.made if kind == "opened"]
                closings = {key.rpartition(".")[0]: at for key, at, kind, _, _ in judge.made if kind == "closed"}
                for key, at in openings:
                    episode = key.rpartition(".")[0]
                    closed = closings.get(episode)
                    made.append((scenario.show(at), scenario.show(closed) if closed is not None else "", customer, rule,
                                 episode.rpartition("/")[2]))
            with open(os.path.join(folder, "open_oracle_repeat.csv"), newline="", encoding="utf-8") as file:
                oracle = [(r["opened_at"], r["closed_at"], r["customer"], r["rule"], r["trigger_event"])
                          for r in csv.DictReader(file)]
            self.assertEqual(sorted(made), sorted(oracle), name)


if __name__ == "__main__":
    sys.exit(unittest.main())
