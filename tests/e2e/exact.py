#!/usr/bin/env python3
"""Real events against an independent oracle: equal to the row and to the second.

    exact.py --tocsin=BINARY --set=itsm|boston|tipdm|pge --way=replay|direct|rekey --work=FOLDER

replay   the file through `tocsin replay`
direct   the file into one topic of 4 partitions keyed by customer, `tocsin run --clock=event`, read from output_topic
rekey    the file into one topic of 3 partitions keyed by region, through the intake into 4 partitions of tocsin.events

After direct and rekey, `replay --from-kafka` reads the same log and must give the same records. The input lies in the topic, in file order, before the daemon starts. Broker, state and logs are in FOLDER, which is emptied.
"""
import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import zlib

import compare_promises
import compare_repeat
import data
import transitions
from ids import Ids, write_secret
from world import Broker, Daemon

HERE = os.path.dirname(os.path.abspath(__file__))
PSEUDONYM_KEY = "e2e-pseudonym-key-of-at-least-32-bytes"


def read_events(folder):
    with gzip.open(os.path.join(folder, "open.jsonl.gz"), "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def daemon_config(name, way, bootstrap, work):
    """The set's configuration file with what the daemon needs besides. Text is added, nothing of the file is changed."""
    with open(os.path.join(HERE, "configs", f"{name}.yml"), encoding="utf-8") as file:
        text = file.read()
    kafka = f"""kafka:
  brokers: [{json.dumps(bootstrap)}]
  group_id: exact
  intake: {way}
  output_topic: exact.output
  dead_letter_topic: exact.dead
  partitions: 4
"""
    text = text.replace("kafka:\n", kafka, 1).replace("../rules/", os.path.join(HERE, "rules", ""))
    text = text.replace("events_file: ", "events_file: " + os.path.join(HERE, "configs", ""))
    path = os.path.join(work, "tocsin.yml")
    key = write_secret(os.path.join(work, "pseudonym.key"), PSEUDONYM_KEY)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + f"privacy:\n  pseudonym_key_file: {key}\n")
    return path


def replay(options, folder):
    """(lines, promised by trigger, what a subject is shown as)."""
    events = os.path.join(folder, "open.jsonl.gz")
    done = subprocess.run([options.tocsin, "replay", f"--config.file={HERE}/configs/{options.set}.yml", f"--events={events}",
                           "--show-subjects", "-o", "ndjson"], stdout=subprocess.PIPE, check=True, timeout=300)
    return done.stdout.decode().splitlines(), compare_promises.promised_by_line(events), lambda subject: subject


def through_kafka(options, folder):
    """As replay(), from output_topic."""
    broker = Broker(os.path.join(options.work, "broker")).start()
    daemon = None
    try:
        subject = "outage" if options.set == "pge" else "customer"
        partitions = 4 if options.way == "direct" else 3
        records, promised = {p: [] for p in range(partitions)}, {}
        for line in read_events(folder):
            event = json.loads(line)
            key = event.get(subject) or event.get("id") if options.way == "direct" else event.get("region", "")
            partition = zlib.crc32(key.encode()) % partitions
            promised[f"{options.set}/{partition}/{len(records[partition])}"] = event.get("promised", "")
            records[partition].append((key, line))
        broker.create(options.set, partitions)
        if options.way == "rekey":
            broker.create("tocsin.events", 4)
        for partition, rows in records.items():
            broker.produce(options.set, partition, rows)
        daemon = Daemon(options.tocsin, daemon_config(options.set, options.way, broker.bootstrap, options.work),
                        os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"))
        daemon.start().wait_ready()
        daemon.settle(lambda: sum(broker.ends("exact.output", 4).values()))
        code = daemon.stop()
        if code != 0:
            raise RuntimeError(f"SIGTERM ended the daemon with code {code}, not 0:\n{daemon.tail()}")
        ids = Ids(PSEUDONYM_KEY.encode())
        made = broker.read("exact.output")
        replay_says_the_same(options, broker, daemon.config, made)
        return made, promised.__getitem__, lambda plain: ids.pseudonym("c", plain)
    finally:
        if daemon:
            daemon.kill()
        broker.stop()


def replay_says_the_same(options, broker, config, made):
    """`replay --from-kafka` of the same log gives the records of the daemon, to the byte, and leaves no trace at the broker."""
    def state():
        groups = broker.script("tool", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", broker.bootstrap, "--list")
        topics = [line.split()[0] for line in broker.script("topic", "list").splitlines() if line.strip()]
        return sorted(groups.split()), sorted(topics), broker.ends("tocsin.events" if options.way == "rekey" else options.set, 4)

    before = state()
    for order in ["time"] if options.way == "direct" else ["time", "input"]:
        done = subprocess.run([options.tocsin, "replay", f"--config.file={config}", "--from-kafka", "--keyed", f"--order={order}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"replay --from-kafka ended with code {done.returncode}:\n{done.stderr}")
        if sorted(done.stdout.splitlines()) != sorted(made):
            only = set(done.stdout.splitlines()) ^ set(made)
            raise RuntimeError(f"replay --from-kafka, order {order}, and the daemon differ in {len(only)} records, for instance {sorted(only)[:2]}")
    if state() != before:
        raise RuntimeError(f"replay --from-kafka changed something at the broker: {before} became {state()}")
    print(f"replay --from-kafka: the same {len(made)} records")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--set", required=True, choices=sorted(data.SETS))
    parser.add_argument("--way", required=True, choices=["replay", "direct", "rekey"])
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    folder = data.real(options.set, f"exact {options.set} by {options.way}")
    if folder is None:
        return 0
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    lines, promised, shown = (replay if options.way == "replay" else through_kafka)(options, folder)
    with open(os.path.join(options.work, "transitions.ndjson"), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    try:
        if options.set == "pge":
            oracle = compare_promises.expected(os.path.join(folder, "open_oracle_promises.csv"), True, shown)
            rows, columns = compare_promises.actual(lines, promised), compare_promises.COLUMNS
        else:
            oracle = compare_repeat.expected(os.path.join(folder, "open_oracle_repeat.csv"), shown)
            rows, columns = compare_repeat.actual(lines), compare_repeat.COLUMNS
    except transitions.Wrong as wrong:
        print(wrong)
        return 1
    return 0 if transitions.compare(oracle, rows, columns, sys.stdout) else 1


if __name__ == "__main__":
    sys.exit(main())
