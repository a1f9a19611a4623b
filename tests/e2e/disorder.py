#!/usr/bin/env python3
"""The daemon says what `replay` says, through 1 and 8 partitions, in order and out of order; and what comes too late is counted.

    disorder.py --tocsin=BINARY --work=FOLDER

An invented history lies in topics of a real Kafka, keyed by customer, before `run --clock=event` starts:

in order      what the daemon writes to output_topic is, byte for byte, what `replay` prints and `replay --from-kafka`
out of order  by less than `disorder`: what `replay --order=input` prints, byte for byte, of a file or --from-kafka; `replay` without
              it differs (the negative control: the disorder is one that can be seen)
too late      by up to 20 h: each late event is counted as late, by a count of its own here; all of them lie in the state, once
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import zlib
from datetime import datetime, timedelta, timezone

import transitions
from ids import write_secret
from world import Broker, Daemon

START = datetime(2024, 3, 1, tzinfo=timezone.utc)
CUSTOMERS, EVENTS, SPAN, DISORDER = 200, 12_000, 5 * 86_400, 120      # seconds
KINDS = {"complaint": 6, "registration": 2, "reconnection": 2}
RULES = """
groups:
- name: persons
  rules:
  - alert: Repeat
    on: complaint
    by: [customer]
    within: 6h
    measures: {n: count(), channels: distinct(channel)}
    levels: {yellow: n >= 3, orange: n >= 4 and channels >= 2}
    keep_firing_for: 1h
    raises: case
  - alert: NotReconnected
    expect: {after: registration, event: reconnection, within: 2h}
    by: [customer]
    levels: {yellow: overdue >= 0s, orange: overdue >= 3h}
    raises: case
"""


def history(seed):
    """(seconds since START, customer, line) in the order of their times, no two at one instant."""
    dice = random.Random(seed)
    kinds, weights = list(KINDS), list(KINDS.values())
    events = []
    for number, milliseconds in enumerate(sorted(dice.sample(range(SPAN * 1000), EVENTS))):
        customer = f"c{dice.randrange(CUSTOMERS)}"
        time = (START + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        event = {"id": f"e{number}", "type": dice.choices(kinds, weights)[0], "ts": time, "customer": customer,
                 "channel": dice.choice(["app", "hotline"])}
        events.append((milliseconds / 1000, customer, json.dumps(event, separators=(",", ":"))))
    return events


def shuffled(events, seed):
    """None comes after one that is later by `disorder` or more."""
    dice = random.Random(seed)
    return sorted(events, key=lambda event: event[0] + dice.uniform(0, DISORDER * 0.99))


def delayed(events, seed):
    """As shuffled(), but every tenth comes up to 20 h after its time."""
    dice = random.Random(seed)
    return sorted(events, key=lambda event: event[0] + dice.uniform(0, DISORDER * 0.99 if dice.random() < 0.9 else 72_000))


def partition_of(customer, partitions):
    return zlib.crc32(customer.encode()) % partitions


def late_in(events, partitions):
    """How many are behind the clock of their partition: the highest time before them less disorder."""
    highest, late = {}, 0
    for seconds, customer, _ in events:
        partition = partition_of(customer, partitions)
        known = highest.get(partition, 0)
        late += round(seconds * 1000) < round(known * 1000) - DISORDER * 1000
        highest[partition] = max(known, seconds)
    return late


class Check:
    def __init__(self, options):
        self.options, self.failed = options, 0
        self.broker = Broker(os.path.join(options.work, "broker")).start()

    def claim(self, holds, what, found=""):
        self.failed += not holds
        print(f"{'ok     ' if holds else 'FAILED '} {what}" + ("" if holds else f": {found}"), flush=True)

    def config(self, name, partitions):
        folder = os.path.join(self.options.work, name)
        os.makedirs(folder)
        path = os.path.join(folder, "tocsin.yml")
        key = write_secret(os.path.join(folder, "pseudonym.key"), "disorder-pseudonym-key-of-at-least-32-bytes")
        with open(os.path.join(folder, "rules.yml"), "w", encoding="utf-8") as file:
            file.write(RULES)
        kinds = ", ".join(f"{kind}: {kind}" for kind in KINDS)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""kafka:
  brokers: [{json.dumps(self.broker.bootstrap)}]
  group_id: {name}
  intake: direct
  output_topic: {name}.out
  dead_letter_topic: {name}.dead
  topics:
    - name: {name}
      event: {{field: /type, map: {{{kinds}}}}}
      disorder: {DISORDER}s
      fields: {{id: /id, time: /ts, customer: /customer, channel: /channel}}
rule_files: [rules.yml]
privacy:
  pseudonym_key_file: {key}
""")
        return path

    def replay(self, config, *arguments):
        """The lines of a replay, sorted: partitions have no order among each other."""
        done = subprocess.run([self.options.tocsin, "replay", f"--config.file={config}", "--keyed", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"replay {arguments} ended with code {done.returncode}:\n{done.stderr}")
        return sorted(done.stdout.splitlines())

    def run(self, name, partitions, events):
        """(configuration, file, records, metrics, state) after the daemon has read it all."""
        config = self.config(name, partitions)
        folder = os.path.dirname(config)
        path = os.path.join(folder, "events.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for _, _, line in events)
        self.broker.create(name, partitions)
        for partition in range(partitions):
            self.broker.produce(name, partition, [(c, line) for _, c, line in events if partition_of(c, partitions) == partition])
        daemon = Daemon(self.options.tocsin, config, os.path.join(folder, "state"), os.path.join(folder, "tocsin.log"))
        try:
            daemon.start().wait_ready()
            daemon.settle(lambda: sum(self.broker.ends(f"{name}.out", partitions).values()), quiet=4)
            metrics = daemon.metrics()
            code = daemon.stop()
            self.claim(code == 0, f"{name}: SIGTERM ends it with code 0", str(code))
        finally:
            daemon.kill()
        return config, path, sorted(self.broker.read(f"{name}.out")), metrics, daemon

    def same(self, told, expected, what):
        only = sorted(set(told) ^ set(expected))
        self.claim(told == expected and told, f"{what}: {len(told)} records", f"{len(only)} differ, for instance {only[:2]}")

    def in_order(self, partitions, events):
        name = f"ordered{partitions}"
        config, path, told, metrics, _ = self.run(name, partitions, events)
        self.same(told, self.replay(config, f"--events={path}"), f"in order through {partitions}: as replay")
        self.same(told, self.replay(config, "--from-kafka"), f"in order through {partitions}: as replay --from-kafka")
        self.claim(sum(metrics.get("tocsin_events_late_total", {}).values()) == 0, "none was late")

    def out_of_order(self, partitions, events):
        name = f"shuffled{partitions}"
        config, path, told, metrics, _ = self.run(name, partitions, events)
        self.same(told, self.replay(config, f"--events={path}", "--order=input"), f"out of order through {partitions}: as replay --order=input")
        self.same(told, self.replay(config, "--from-kafka", "--order=input"), f"out of order through {partitions}: as replay --from-kafka --order=input")
        self.claim(told != self.replay(config, "--from-kafka"), "in order of time they would be others")
        self.claim(told != self.replay(config, f"--events={path}"), "the disorder is one that can be seen")
        self.claim(sum(metrics.get("tocsin_events_late_total", {}).values()) == 0, "none was late")

    def too_late(self, partitions, events):
        name = f"delayed{partitions}"
        config, path, told, metrics, daemon = self.run(name, partitions, events)
        total = lambda metric: sum(metrics.get(f"tocsin_{metric}", {}).values())  # noqa: E731
        late = late_in(events, partitions)
        self.claim(total("events_late_total") == late > EVENTS / 20, f"too late through {partitions}: {late} are counted as late", str(total("events_late_total")))
        self.claim(total("events_processed_total") == EVENTS, "all events count", str(total("events_processed_total")))
        self.claim(total("events_duplicate_total") == total("dead_letters_total") == 0, "none is a duplicate, none a dead letter")
        held = sorted((row["customer"], *event) for row in daemon.dump("profile")["profile"] for event in row["events"])
        given = sorted((e["customer"], e["ts"], e["type"]) for e in (json.loads(line) for _, _, line in events))
        shown = lambda rows: [(c, t.replace(".000Z", "Z"), k) for c, t, k in rows]  # noqa: E731
        self.same(shown(held), shown(given), "none is lost in the state, none lies there twice")
        lives = transitions.episodes(transitions.unique(told), in_time_order=False)   # a late event raises a level where it belongs
        self.claim(len(lives) > 100 and len(told) == len(transitions.unique(told)), f"{len(lives)} episodes are one life each, no record came twice")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    check = Check(options)
    try:
        events = history(1)
        for partitions in (1, 8):
            check.in_order(partitions, events)
            check.out_of_order(partitions, shuffled(events, 2))
            check.too_late(partitions, delayed(events, 3))
    finally:
        check.broker.stop()
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
