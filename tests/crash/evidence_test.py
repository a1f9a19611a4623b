#!/usr/bin/env python3
"""The comparisons must find what they are for: a scenario's own recount passes, each falsification of it does not."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import evidence
import powercut
import recount
import scenario
import transitions
from hook import Hook
from recount_test import PlainIds
from scenario import MINUTE, show

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests").decode()


def said(events):
    """What a daemon without a fault would write to its output topic: {transition id: record}."""
    records = {}
    for key, (at, kind, level, reason) in recount.cases(events, PlainIds()).items():
        records[key] = {"id": key, "at": show(at), "raises": "case", "rule": key.split("/")[0], "transition": kind, "level": level,
                        "subject": {"customer": key.split("/")[1]}, "trigger": key.split("/")[2].rpartition(".")[0]}
        if reason:
            records[key]["reason"] = reason
    for number, (area, level, bucket) in enumerate(recount.warnings(events)):
        for n, (kind, colour) in enumerate([("opened", "blue"), ("raised", level)], 1):
            records[f"w{number}.{n}"] = {"id": f"w{number}.{n}", "at": show(bucket * MINUTE + 500), "raises": "warning",
                                         "rule": "AreaComplaintSurge", "transition": kind, "level": colour,
                                         "subject": {"area": area}, "trigger": "e0000000"}
    return records


class FakeHook:
    """A log as Hook keeps it, without a server."""

    def __init__(self, records):
        self.accepted = {k: json.dumps(r).encode() for k, r in records.items() if r["transition"] != "updated"}
        self.wrong = []

    def snapshot(self):
        return self.accepted


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.events = scenario.generate(seed=1, events=30_000)
        cls.layout = scenario.Layout(cls.events, "direct")
        cls.faultless = said(cls.events)

    def setUp(self):
        self.records = {key: dict(record) for key, record in self.faultless.items()}

    def first(self, **wanted):
        return next(k for k, r in sorted(self.records.items()) if all(r.get(name) == value for name, value in wanted.items()))

    def test_a_faultless_run_passes(self):
        self.assertEqual(evidence.cases(self.records, self.events, PlainIds()), [])
        self.assertEqual(evidence.warnings(self.records, self.events), [])
        self.assertEqual(evidence.deliveries(self.records, FakeHook(self.records)), [])

    def test_a_missing_a_doubled_and_a_changed_case_are_found(self):
        for change in ("missing", "doubled", "late", "level", "reason"):
            with self.subTest(change=change):
                records = {key: dict(record) for key, record in self.records.items()}
                key = self.first(raises="case", transition="closed")
                if change == "missing":
                    del records[key]
                elif change == "doubled":
                    records[key + "x"] = records[key]
                else:
                    records[key][{"late": "at", "level": "level", "reason": "reason"}[change]] = "2024-03-01T00:00:01Z"
                self.assertTrue(evidence.cases(records, self.events, PlainIds()))

    def test_a_warning_may_be_one_bucket_off_but_not_two_nor_come_twice(self):
        def shifted(minutes):
            records = {key: dict(record) for key, record in self.records.items()}
            opening = records[self.first(raises="warning", transition="opened")]
            opening["at"] = show(evidence.millis(opening["at"]) + minutes * MINUTE)
            return [k for k in evidence.warnings(dict(records), self.events)]
        raised = self.first(raises="warning", transition="raised")
        self.records[raised]["at"] = show(evidence.millis(self.records[raised]["at"]) + 5 * MINUTE)
        self.assertEqual(shifted(1), [])
        self.assertEqual(shifted(-1), [])
        self.assertTrue(shifted(2))
        episode = self.first(raises="warning").split(".")[0]
        for number in (1, 2):
            self.records[f"again.{number}"] = dict(self.records[f"{episode}.{number}"], id=f"again.{number}")
        self.assertTrue(evidence.warnings(self.records, self.events))

    def test_an_undelivered_and_an_invented_notice_are_found(self):
        hook = FakeHook(self.records)
        hook.accepted.pop(self.first(transition="closed"))
        self.assertTrue(evidence.deliveries(self.records, hook))
        hook = FakeHook(self.records)
        hook.accepted["nobody.1"] = b"{}"
        self.assertTrue(evidence.deliveries(self.records, hook))
        hook = FakeHook(self.records)
        key = self.first(transition="opened")
        hook.accepted[key] = json.dumps(dict(self.records[key], level="red")).encode()
        self.assertTrue(evidence.deliveries(self.records, hook))

    def test_a_lost_and_a_doubled_event_of_a_profile_are_found(self):
        rows = [{"customer": c, "events": [[show(t), kind] for t, kind in e]} for c, e in recount.profiles(self.events).items()]
        self.assertEqual(evidence.profiles({"profile": rows}, self.events), [])
        events = rows[0]["events"]
        for changed in (events[1:], events + events[:1]):
            self.assertTrue(evidence.profiles({"profile": [dict(rows[0], events=changed)] + rows[1:]}, self.events))
        self.assertTrue(evidence.profiles({"profile": rows[1:]}, self.events))
        self.assertTrue(evidence.profiles({"profile": rows + rows[:1]}, self.events))

    def test_an_event_counted_twice_and_one_that_the_offset_denies_are_found_at_once(self):
        offsets = {p: len(self.layout.records["crash.events", p]) // 2 for p in range(4)}
        rows = {}
        for event in self.events:
            _, partition, first = self.layout.place[event["id"]]
            if first < offsets[partition]:
                row = {"task": partition, "customer": event["customer"], "events": []}
                rows.setdefault(event["customer"], row)["events"].append([show(event["ts"]), event["type"]])
        dump = {"task": [{"partition": p, "offset": o} for p, o in offsets.items()], "profile": list(rows.values())}
        self.assertEqual(evidence.doubled(dump) + evidence.remembered(dump, self.layout), [])
        lost = dict(dump, profile=dump["profile"][1:])
        self.assertTrue(evidence.remembered(lost, self.layout))
        dump["task"][0]["offset"] -= 500
        self.assertTrue(evidence.remembered(dump, self.layout))
        events = dump["profile"][0]["events"]
        events.append(events[0])
        self.assertTrue(evidence.doubled(dump))

    def test_cells_of_several_tasks_add_up_and_a_wrong_one_is_found(self):
        rows = []
        for (area, bucket), (count, people) in recount.cells(self.events).items():
            rows.append({"task": 0, "area": area, "bucket": show(bucket * MINUTE), "count": 1, "people": 0})
            rows.append({"task": 1, "area": area, "bucket": show(bucket * MINUTE), "count": count - 1, "people": people})
        self.assertEqual(evidence.cells({"cell": rows}, self.events), [])
        rows[1]["people"] += 1
        self.assertTrue(evidence.cells({"cell": rows}, self.events))
        self.assertTrue(evidence.cells({"cell": rows[2:]}, self.events))

    def test_dead_letters_are_compared_by_origin(self):
        headers = [f"tocsin.code=json_invalid,tocsin.topic={t},tocsin.partition={p},tocsin.offset={o}"
                   for t, p, o in self.layout.unreadable]
        self.assertEqual(evidence.dead_letters(headers + headers[:1], self.layout), [])
        self.assertTrue(evidence.dead_letters(headers[1:], self.layout))

    def test_what_was_sent_and_is_denied_after_a_power_cut_is_found(self):
        key = self.first(raises="case", transition="opened")
        _, partition, offset = self.layout.place[self.records[key]["trigger"]]
        hook = FakeHook({key: self.records[key]})
        for next_offset, complaints in ((offset + 1, 0), (offset, 1)):
            dump = {"task": [{"partition": partition, "offset": next_offset}]}
            self.assertEqual(len(evidence.denied(dump, hook, self.layout)), complaints)


class TheHook(unittest.TestCase):
    def setUp(self):
        self.hook = Hook(SECRET, seed=1, trouble=0)
        self.addCleanup(self.hook.close)

    def post(self, key, body, secret=b"a secret of the tests", stamp=None):
        stamp = stamp or str(int(time.time()))
        signature = base64.b64encode(hmac.new(secret, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.hook.server.server_address[1], timeout=5)
        connection.request("POST", "/tocsin", body, {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"})
        status = connection.getresponse().status
        connection.close()
        return status

    def test_it_logs_what_it_accepts_and_allows_repetition(self):
        self.assertEqual([self.post("a.1", b"{}"), self.post("a.1", b"{}")], [204, 204])
        self.assertEqual((self.hook.accepted, self.hook.deliveries, self.hook.wrong), ({"a.1": b"{}"}, {"a.1": 2}, []))

    def test_other_content_a_wrong_signature_and_an_old_timestamp_are_wrong(self):
        self.post("a.1", b"{}")
        self.post("a.1", b"{ }")
        self.assertIn("two contents", self.hook.wrong[-1])
        self.post("b.1", b"{}", secret=b"another")
        self.assertIn("signature", self.hook.wrong[-1])
        self.post("c.1", b"{}", stamp="1000")
        self.assertIn("timestamp", self.hook.wrong[-1])

    def test_refused_requests_are_not_logged(self):
        self.hook.trouble = 1
        self.hook.hung = Hook.HANGS_MAX
        self.assertEqual({self.post(f"a.{i}", b"{}") for i in range(20)}, {500, 429})
        self.assertEqual(self.hook.accepted, {})


class PowerCut(unittest.TestCase):
    def lengths(self, seed):
        """{file: bytes left} of a task whose file 12 is synced up to byte 70 of 100, after a cut."""
        with tempfile.TemporaryDirectory() as state:
            folder = os.path.join(state, "task-0")
            os.makedirs(folder)
            for name, content in (("000009.log", "x" * 50), ("000012.log", "x" * 100), ("000015.log", "x" * 40),
                                  ("SYNCED", "000012.log 70\n"), ("000010.sst", "x" * 30)):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(content)
            self.assertIn(powercut.cut(state, random.Random(seed), whole=seed % 4 == 0), (0, 1))
            return {name: os.path.getsize(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}

    def test_only_bytes_behind_the_last_fsync_are_lost_and_never_with_a_gap(self):
        left = [self.lengths(seed) for seed in range(60)]
        for sizes in left:
            self.assertEqual((sizes["000009.log"], sizes["000010.sst"], sizes["SYNCED"]), (50, 30, 14))
            self.assertTrue(70 <= sizes["000012.log"] <= 100)
            self.assertTrue(sizes["000012.log"] == 100 or sizes["000015.log"] == 0)
        worst = [sizes for sizes in left if sizes["000012.log"] == 70 and sizes["000015.log"] == 0]
        self.assertGreater(len(worst), 15)
        self.assertGreater(len(left) - len(worst), 15)


if __name__ == "__main__":
    sys.exit(unittest.main())
