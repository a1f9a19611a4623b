#!/usr/bin/env python3
"""CloudEvents through a real Kafka: a complaint in each content mode, three of one customer, make one case. Behind the intake
they are of two numbers that a link makes one customer.

    cloud_events.py --tocsin=BINARY --work=FOLDER direct|rekey

What is no CloudEvent becomes a dead letter, and an event whose id another source has used is not its duplicate. `replay --from-kafka`
gives the same records, of the topic before the daemon has run and of what it left.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

import transitions
from ids import write_secret
from world import Broker, Daemon

LINKS = "identifier,person\nc-2,c-1\n"
RULES = """groups:
  - name: g
    rules:
      - alert: Thrice
        on: complaint
        by: [customer]
        within: 1d
        measures: {n: count()}
        levels: {yellow: n >= 3}
        raises: case
"""
CONFIG = """kafka:
  brokers: [%s]
  group_id: cloud
  intake: %s
  output_topic: cloud.output
  dead_letter_topic: cloud.dead
  partitions: 1
  topics:
    - name: cs.cloud
      format: cloudevents
      event: {field: /type, map: {cn.example.complaint: complaint}}
rule_files: [rules.yml]
privacy: {pseudonym_key_file: %s}
"""
DATA = {"customer": "c-1", "area": "x"}


def attributes(source, number, minute):
    return {"specversion": "1.0", "id": number, "source": source, "type": "cn.example.complaint",
            "time": f"2026-03-01T10:{minute:02}:00Z"}


def binary(given, content_type="application/json"):
    return [f"ce_{name}={value}" for name, value in given.items()] + [f"content-type={content_type}"], json.dumps(DATA)


def structured(given, content_type, **more):
    return [f"content-type={content_type}"], json.dumps({**given, "data": {**DATA, **more}})


RECORDS = [
    binary(attributes("/hall/1", "1", 0)),
    structured(attributes("/hall/2", "1", 1), "application/cloudevents+json"),
    structured(attributes("/hall/2", "1", 2), "application/cloudevents+json"),  # the same event again
    ([], json.dumps(DATA)),                                                     # no CloudEvent
    structured(attributes("/hall/2", "2", 3), "application/cloudevents+json; charset=utf-8"),
]
LINKED = structured(attributes("/hall/2", "2", 3), "application/cloudevents+json; charset=utf-8", customer="c-2")


def replay(tocsin, config, *arguments):
    """What `replay --from-kafka` says."""
    done = subprocess.run([tocsin, "replay", f"--config.file={config}", "--from-kafka", "--keyed", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"replay --from-kafka ended with code {done.returncode}:\n{done.stderr}")
    return done.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("way", choices=["direct", "rekey"])
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    broker = Broker(os.path.join(options.work, "broker")).start()
    daemon = None
    try:
        broker.create("cs.cloud", 1)
        records = RECORDS if options.way == "direct" else [*RECORDS[:-1], LINKED]
        for headers, value in records:
            broker.kcat("-P", "-t", "cs.cloud", "-p", "0", "-k", "c-1", *(a for h in headers for a in ("-H", h)), input=value, text=True)
        key = write_secret(os.path.join(options.work, "pseudonym.key"), "e2e-pseudonym-key-of-at-least-32-bytes")
        config = os.path.join(options.work, "tocsin.yml")
        identity = "" if options.way == "direct" else "identity: {links_file: links.csv}\n"
        texts = {"tocsin.yml": CONFIG % (json.dumps(broker.bootstrap), options.way, key) + identity, "rules.yml": RULES, "links.csv": LINKS}
        for name, text in texts.items():
            with open(os.path.join(options.work, name), "w", encoding="utf-8") as file:
                file.write(text)
        early = replay(options.tocsin, config)
        daemon = Daemon(options.tocsin, config, os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"))
        daemon.start().wait_ready()
        daemon.settle(lambda: sum(broker.ends("cloud.output", 1).values()))
        duplicates = daemon.total("tocsin_events_duplicate_total")
        code = daemon.stop()
        told = broker.read("cloud.output")
        made = sorted(transitions.unique(told).values(), key=lambda record: record["id"])
        replays = {"before": early, "after": replay(options.tocsin, config), "in input order": replay(options.tocsin, config, "--order=input")}
        dead = "".join(broker.read("cloud.dead", "%h"))
    finally:
        if daemon:
            daemon.kill()
        broker.stop()
    said = [(record["transition"], record["at"], record["events"]) for record in made[:1]]
    expected = [("opened", "2026-03-01T10:03:00Z", ["/hall/1#1", "/hall/2#1", "/hall/2#2"])]
    wrong = [f"exit code {code}"] if code else []
    if [(kind, at, sorted(events)) for kind, at, events in said] != expected:
        wrong.append(f"expected {expected}, found {said}")
    if duplicates != 1:
        wrong.append(f"{duplicates} duplicates, expected 1")
    if "tocsin.error.code=cloudevent_invalid" not in dead:
        wrong.append(f"no dead letter with cloudevent_invalid: {dead}")
    for when, lines in replays.items():
        if sorted(lines) != sorted(told):
            wrong.append(f"replay --from-kafka {when} differs from output_topic: {lines} and {told}")
    print("\n".join(wrong) or "equal")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
