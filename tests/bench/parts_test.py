#!/usr/bin/env python3
"""The benchmark's parts, without a broker: what it feeds and how it tells figures.    parts_test.py BENCH_FEED"""
import collections
import json
import subprocess
import sys
import unittest

import peer_run
import per_rule
import table

FEED = None


def feed(*arguments):
    said = subprocess.run([FEED, *arguments], stdout=subprocess.PIPE, check=True).stdout
    return said, [json.loads(line) for line in said.splitlines()]


class LoadTest(unittest.TestCase):
    def test_same_options_give_the_same_bytes(self):
        self.assertEqual(feed("--events=2000", "--customers=1000")[0], feed("--events=2000", "--customers=1000")[0])

    def test_events_ascend_in_time_with_ids_of_their_own(self):
        _, events = feed("--events=5000", "--customers=1000", "--days=2")
        times = [e["ts"] for e in events]
        self.assertEqual(len({e["id"] for e in events}), 5000)
        self.assertEqual(times[0], "2024-03-01T00:00:00Z")
        self.assertLess(max(times), "2024-03-03T00:00:00Z")

    def test_complaints_are_most_of_it_with_230_bytes_each(self):
        lines, events = feed("--events=20000", "--customers=10000", "--days=30")
        kinds = collections.Counter(e["type"] for e in events)
        self.assertAlmostEqual(kinds["complaint"] / 20000, 0.70, delta=0.02)
        self.assertAlmostEqual(kinds["reconnection"] / kinds["registration"], 0.98, delta=0.02)
        sizes = [len(line) for line in lines.splitlines() if b'"complaint"' in line]
        self.assertAlmostEqual(sum(sizes) / len(sizes), 234, delta=10)

    def test_zipf_gives_the_first_customer_what_its_formula_says(self):
        _, events = feed("--events=100000", "--customers=1000")
        counts = collections.Counter(e["customer"] for e in events).most_common()
        weights = sum((r + 1) ** -0.99 for r in range(1000))
        self.assertAlmostEqual(counts[0][1] / 100000, 1 / weights, delta=0.01)
        self.assertAlmostEqual(counts[9][1] / 100000, 10 ** -0.99 / weights, delta=0.005)

    def test_even_gives_nobody_many(self):
        _, events = feed("--events=20000", "--customers=20000", "--mix=campaign", "--draw=even")
        counts = collections.Counter(e["customer"] for e in events)
        self.assertLess(max(counts.values()), 20)
        self.assertGreater(len(counts), 8000)

    def test_each_takes_everybody_in_turn(self):
        _, events = feed("--events=2000", "--customers=1000", "--draw=each")
        self.assertEqual(len({e["customer"] for e in events}), 1000)


class TableTest(unittest.TestCase):
    def test_verdicts(self):
        self.assertEqual(table.Figure("a", "x", [5, 7, 6], goal=6, must=10).verdict(), "goal met")
        self.assertEqual(table.Figure("a", "x", [7, 8, 9], goal=6, must=10).verdict(), "must met")
        self.assertEqual(table.Figure("a", "x", [11], goal=6, must=10).verdict(), "must MISSED")
        self.assertEqual(table.Figure("a", "x", [11], goal=6).verdict(), "goal missed")
        self.assertEqual(table.Figure("a", "x", [11]).verdict(), "")

    def test_a_table_has_a_line_for_each_figure(self):
        text = table.markdown([table.Figure("direct", "s", [1, 2, 3], 6, 10), table.Figure("raw", "s", [0.5])], {"machine": "two"})
        self.assertEqual(text.splitlines()[0], "machine: two")
        self.assertEqual(len([line for line in text.splitlines() if line.startswith("| ")]), 4)
        self.assertIn("1.00 to 3.00", text)


class PerRuleTest(unittest.TestCase):
    def test_so_many_rules_as_asked_for_and_no_two_alike(self):
        bodies = per_rule.rules(500, "complaint").split("  - alert: ")[1:]
        self.assertEqual(len({body.partition("\n")[2] for body in bodies}), 500)

    def test_a_rule_costs_what_it_adds(self):
        self.assertAlmostEqual(per_rule.slope({3: 1.0, 50: 1.47}, 3, 50, 100_000), 100)


class PeerTest(unittest.TestCase):
    DAEMON = ['{"rule":"RegisteredNotReconnected","transition":"opened","at":"2024-03-01T12:00:00Z"}',
              '{"rule":"RegisteredNotReconnected","transition":"closed","at":"2024-03-01T13:00:00Z"}',
              '{"rule":"HighFrequencyComplainant","transition":"opened","at":"2024-03-01T12:00:00Z"}',
              '{"rule":"RegisteredNotReconnected","transition":"opened","at":"2024-03-01T11:00:00.500Z"}']
    PEER = ['{"rule":"registered_not_reconnected","transition":"opened","at":"2024-03-01T11:00:00.500Z"}',
            '{"rule":"registered_not_reconnected","transition":"opened","at":"2024-03-01T12:00:00Z"}']

    def test_broken_promises_of_both_are_told_alike_in_whatever_order(self):
        told = peer_run.broken_promises(self.PEER, "peer", 2e9)
        self.assertEqual(told, [1709290800.5, 1709294400])
        self.assertEqual(told, peer_run.broken_promises(self.DAEMON, "daemon", 2e9))

    def test_one_that_is_missing_or_late_shows(self):
        daemon = peer_run.broken_promises(self.DAEMON, "daemon", 2e9)
        self.assertNotEqual(daemon, peer_run.broken_promises(self.PEER[:1], "peer", 2e9))
        late = [self.PEER[0], self.PEER[1].replace("12:00:00Z", "12:00:00.001Z")]
        self.assertNotEqual(daemon, peer_run.broken_promises(late, "peer", 2e9))

    def test_what_is_due_at_the_end_is_left_out(self):
        self.assertEqual(peer_run.broken_promises(self.PEER, "peer", 1709294400), [1709290800.5])


if __name__ == "__main__":
    FEED = sys.argv.pop(1)
    unittest.main()
