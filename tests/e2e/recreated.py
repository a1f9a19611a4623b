#!/usr/bin/env python3
"""Input topics behind the intake that are not what they were, against a real broker.

    recreated.py --tocsin=BINARY --work=FOLDER

A topic deleted and created again, shorter, as long, longer: the daemon stops and says what to do, and with a raised
`epoch` the new records count, each once. A topic whose unread records the broker deleted: it goes on, and says how many.
A group whose offsets the broker forgot: it goes on where the state says. With the check off (negative control) records of a new
topic are taken for old ones, without a word.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

from ids import write_secret
from service import Checks, wait_for
from world import Broker, Daemon, Ended

READ = 5       # records of each topic that the first life reads
RULES = """groups:
- name: all
  rules:
  - alert: Often
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 100}
    raises: case
    annotations: {summary: "often", summary_zh: "多次"}
"""


class World:
    """One input topic with a daemon, a group and a log of its own."""

    def __init__(self, options, broker, name, start="earliest"):
        self.broker, self.name, self.topic, self.made, self.start_at = broker, name, f"in.{name}", 0, start
        self.folder = os.path.join(options.work, name)
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, "rules.yml"), "w", encoding="utf-8") as file:
            file.write(RULES)
        self.key = write_secret(os.path.join(self.folder, "pseudonym.key"), "e2e-pseudonym-key-of-at-least-32-bytes")
        broker.create(self.topic, 1)
        self.daemon = Daemon(options.tocsin, self.configure(), os.path.join(self.folder, "state"), os.path.join(self.folder, "log"))

    def configure(self, epoch=0):
        path = os.path.join(self.folder, "tocsin.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""kafka:
  brokers: ["{self.broker.bootstrap}"]
  group_id: {self.name}
  intake: rekey
  start: {self.start_at}
  events_topic: log.{self.name}
  dead_letter_topic: dead.{self.name}
  partitions: 2
  topics:
    - {{name: {self.topic}, event: complaint, epoch: {epoch}}}
rule_files: [rules.yml]
privacy: {{pseudonym_key_file: {self.key}}}
""")
        return path

    def produce(self, count):
        """Records that no topic of this name ever had before."""
        events = []
        for _ in range(count):
            self.made += 1
            events.append(("", json.dumps({"id": str(self.made), "time": f"2026-03-01T10:{self.made:02}:00Z", "customer": f"c-{self.made}"})))
        self.broker.produce(self.topic, 0, events)

    def create_anew(self, count):
        self.broker.script("topic", "delete", self.topic)
        if not wait_for(lambda: self.topic not in self.broker.script("topic", "list").split()):
            raise TimeoutError(f"{self.topic} is not deleted")
        self.broker.create(self.topic, 1)
        self.produce(count)

    def counts(self, expected):
        """Whether this life counts so many events, and no more once it has been quiet."""
        done = wait_for(lambda: self.daemon.total("tocsin_events_processed_total") >= expected)
        self.daemon.settle(lambda: 0, quiet=2, seconds=60)
        return done and self.daemon.total("tocsin_events_processed_total") == expected

    def first_life(self, check, read_first=True):
        if read_first:
            self.produce(READ)
        self.daemon.start().wait_ready()
        if not read_first:
            self.produce(READ)
        check(self.counts(READ), f"{self.name}: the first life counts all", self.daemon.tail())

    def is_refused(self, *words):
        code = self.daemon.process.wait(60)
        said = self.daemon.tail()
        return code not in (0, None) and all(word in said for word in (self.topic, *words)), f"{code} {said}"


def created_anew(check, world, count, while_running=False):
    world.first_life(check)
    if while_running:
        world.create_anew(count)
        world.daemon.process.wait(90)
    else:
        world.daemon.stop()
        world.create_anew(count)
    words = ("epoch: 1", "bring the old topic back", "it ends at offset" if count < READ else "is not the one that was read")
    world.daemon.start()
    refused, said = world.is_refused(*words)
    check(refused, f"{world.name}: a topic of {count} instead of {READ} records stops the daemon with the remedy", said)
    world.daemon.start()
    refused, said = world.is_refused(*words)
    check(refused, f"{world.name}: each time", said)
    world.configure(epoch=1)
    world.daemon.start().wait_ready()
    check(world.counts(count), f"{world.name}: with a raised epoch each of its records counts", world.daemon.tail())
    world.daemon.kill()
    world.produce(2)
    world.daemon.start().wait_ready()
    check(world.counts(2), f"{world.name}: once, whatever happens then", str(world.daemon.total("tocsin_events_processed_total")))


def unnoticed_without_the_check(check, world):
    world.first_life(check)
    world.daemon.stop()
    world.create_anew(READ + 4)
    world.daemon.environment["TOCSIN_FAULT"] = "continuity_check_off"
    world.daemon.start().wait_ready()
    world.daemon.settle(lambda: 0, quiet=2, seconds=60)
    counted = world.daemon.total("tocsin_events_processed_total")
    # Each task takes for repeated what is not above the highest offset that it has counted itself.
    check(4 <= counted < READ + 4, "control: without the check some of the new records are not counted, silently", str(counted))


def deleted_by_age(check, world, broker, work):
    world.first_life(check)
    world.daemon.stop()
    world.produce(4)
    offsets = os.path.join(work, "offsets.json")
    with open(offsets, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "partitions": [{"topic": world.topic, "partition": 0, "offset": READ + 2}]}, file)
    broker.script("tool", "DeleteRecordsCommand", "--bootstrap-server", broker.bootstrap, "--offset-json-file", offsets)
    world.daemon.start().wait_ready()
    check(world.counts(2), "deleted: what is left counts", world.daemon.tail())
    check(world.daemon.total("tocsin_input_gap_records_total") == 2, "and what was deleted unread is told", str(world.daemon.metrics().get("tocsin_input_gap_records_total")))
    check("the broker deleted records before they were read" in world.daemon.tail(100), "in the log, too", world.daemon.tail(100))


def group_forgotten(check, world, broker):
    world.first_life(check, read_first=False)
    world.daemon.stop()
    world.produce(3)
    tool = ("tool", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", broker.bootstrap)

    # Static members stay in the group until their session ends; offsets can be taken away all the same once it is empty.
    def forget():
        try:
            return "success" in broker.script(*tool, "--delete", "--group", f"{world.name}-intake")
        except subprocess.CalledProcessError:
            return False
    check(wait_for(forget, 90), "forgotten: the broker drops the group's offsets")
    world.daemon.start().wait_ready()
    check(world.counts(3), "with kafka.start latest it goes on where the state says, not at the end", str(world.daemon.total("tocsin_events_processed_total")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    check, worlds = Checks(), []
    broker = Broker(os.path.join(options.work, "broker")).start()

    def world(name, **more):
        worlds.append(World(options, broker, name, **more))
        return worlds[-1]
    try:
        created_anew(check, world("shorter"), 3)
        created_anew(check, world("equal"), READ)
        created_anew(check, world("longer"), READ + 4)
        created_anew(check, world("running"), READ + 1, while_running=True)
        unnoticed_without_the_check(check, world("unchecked"))
        deleted_by_age(check, world("deleted"), broker, options.work)
        group_forgotten(check, world("forgotten", start="latest"), broker)
    except (Ended, TimeoutError, subprocess.TimeoutExpired) as problem:
        check(False, "it went on to its end", str(problem))
    finally:
        for each in worlds:
            each.daemon.kill()
        broker.stop()
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
