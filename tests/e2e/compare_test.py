#!/usr/bin/env python3
"""The comparers must find every kind of difference: a small oracle, transitions that agree with it, and ways to disagree."""
import contextlib
import gzip
import io
import json
import os
import sys
import tempfile
import unittest

import compare_promises
import compare_repeat

REPEAT = """opened_at,closed_at,customer,region,rule,count,trigger_event
2016-03-01T10:00:00Z,2016-03-08T09:00:00Z,ann,north,3in7d,3,e3
2016-03-02T10:00:00Z,,ann,north,3in30d,3,e4
2016-03-02T11:00:00Z,,bob,south,3in7d,3,e5
"""
PROMISES = """opened_at,closed_at,reason,outage,region,promised
2019-10-01T10:00:00Z,2019-10-01T11:00:00Z,fulfilled,o1,north,2019-10-01T10:00:00Z
2019-10-01T12:00:00Z,2019-10-01T13:00:00Z,moved,o1,north,2019-10-01T11:30:00Z
2019-10-02T12:00:00Z,,,o2,south,2019-10-02T12:00:00Z
"""
EVENTS = [{"outage": "o1", "promised": "2019-10-01T10:00:00Z"}, {"outage": "o1", "promised": "2019-10-01T11:30:00Z"},
          {"outage": "o2", "promised": "2019-10-02T12:00:00Z"}]


def transition(episode, number, kind, at, **more):
    return {"at": at, "id": f"{episode}.{number}", "transition": kind, "level": None if kind == "closed" else "yellow", **more}


def repeat_transitions():
    opening = dict(subject={"customer": "ann"}, area="north", measures={"n": 3})
    return [
        transition("A", 1, "opened", "2016-03-01T10:00:00Z", rule="Repeat3in7d", trigger="e3", **opening),
        transition("A", 2, "updated", "2016-03-01T10:05:00Z", rule="Repeat3in7d", trigger="e3", **opening),
        transition("B", 1, "opened", "2016-03-02T10:00:00Z", rule="Repeat3in30d", trigger="e4", **opening),
        transition("C", 1, "opened", "2016-03-02T11:00:00Z", rule="Repeat3in7d", trigger="e5",
                   **{**opening, "subject": {"customer": "bob"}, "area": "south"}),
        transition("A", 3, "closed", "2016-03-08T09:00:00Z", rule="Repeat3in7d", trigger="e3", reason="quiet", **opening),
    ]


def promise_transitions():
    north, south = dict(subject={"customer": "o1"}, area="north"), dict(subject={"customer": "o2"}, area="south")
    return [
        transition("A", 1, "opened", "2019-10-01T10:00:00Z", trigger="pge/0/1", **north),
        transition("A", 2, "closed", "2019-10-01T11:00:00Z", trigger="pge/0/1", reason="fulfilled", **north),
        transition("B", 1, "opened", "2019-10-01T12:00:00Z", trigger="pge/0/2", **north),
        transition("B", 2, "closed", "2019-10-01T13:00:00Z", trigger="pge/0/2", reason="moved", **north),
        transition("C", 1, "opened", "2019-10-02T12:00:00Z", trigger="pge/0/3", **south),
    ]


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def verdict(self, comparer, oracle, records, *more):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = comparer.main(self.file("oracle.csv", oracle), self.file("transitions.ndjson", lines), *more)
        return code, said.getvalue()

    def test_equal_sets_pass_and_a_repeated_record_does_not_matter(self):
        records = repeat_transitions()
        self.assertEqual(self.verdict(compare_repeat, REPEAT, records + records[:2]), (0, "equal: 3 rows\n"))
        self.assertEqual(self.verdict(compare_promises, PROMISES, promise_transitions()), (0, "equal: 3 rows\n"))

    def test_every_column_of_repeats_is_compared(self):
        for index, change in [(0, {"at": "2016-03-01T10:00:01Z"}), (4, {"at": "2016-03-08T09:00:01Z"}), (0, {"area": "east"}),
                              (0, {"subject": {"customer": "eve"}}), (2, {"rule": "Repeat5in30d"}), (0, {"trigger": "e9"}),
                              (0, {"measures": {"n": 4}}), (4, {"reason": "fulfilled"})]:
            records = repeat_transitions()
            records[index].update(change)
            if index == 0 and "at" in change:
                records[1]["at"] = "2016-03-01T10:05:01Z"
            with self.subTest(change=change):
                self.assertEqual(self.verdict(compare_repeat, REPEAT, records)[0], 1)

    def test_every_column_of_promises_is_compared(self):
        for index, change in [(0, {"at": "2019-10-01T10:00:01Z"}), (1, {"at": "2019-10-01T11:00:01Z"}), (0, {"area": "east"}),
                              (1, {"reason": "moved"}), (4, {"subject": {"customer": "o3"}})]:
            records = promise_transitions()
            records[index].update(change)
            with self.subTest(change=change):
                self.assertEqual(self.verdict(compare_promises, PROMISES, records)[0], 1)

    def test_the_promised_time_is_looked_up_by_the_trigger(self):
        path = os.path.join(self.folder, "events.jsonl.gz")
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in EVENTS)
        records = promise_transitions()
        self.assertEqual(self.verdict(compare_promises, PROMISES, records, path)[0], 0)
        records[2]["trigger"] = records[3]["trigger"] = "pge/0/1"
        self.assertEqual(self.verdict(compare_promises, PROMISES, records, path)[0], 1)

    def test_a_missing_and_a_surplus_episode_are_found(self):
        records = repeat_transitions()
        self.assertEqual(self.verdict(compare_repeat, REPEAT, [r for r in records if r["id"][0] != "B"])[0], 1)
        twice = [dict(r, id=r["id"].replace("C", "D")) for r in records if r["id"][0] == "C"]
        self.assertEqual(self.verdict(compare_repeat, REPEAT, records + twice)[0], 1)
        self.assertEqual(self.verdict(compare_repeat, REPEAT, [])[0], 1)

    def test_records_that_contradict_each_other_are_wrong_whatever_the_oracle_says(self):
        records = repeat_transitions()
        for wrong, said in [(records + [dict(records[0], level="red")], "two contents under one id"),
                            (records[:1] + records[2:], "one is missing"),
                            (records + [transition("C", 2, "opened", "2016-03-03T11:00:00Z")], "not one life"),
                            (records + [transition("C", 2, "closed", "2016-03-01T11:00:00Z", reason="quiet")], "back in time")]:
            with self.subTest(said=said):
                code, text = self.verdict(compare_repeat, REPEAT, wrong)
                self.assertEqual(code, 1)
                self.assertIn(said, text)


if __name__ == "__main__":
    sys.exit(unittest.main())
