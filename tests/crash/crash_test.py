#!/usr/bin/env python3
"""Nothing lost, nothing doubled: kills the daemon again and again while it works, then recounts everything from outside.

    crash_test.py --tocsin=BINARY [--kills=30] [--way=direct|rekey] [--work=FOLDER] [--seed=N] [--events=N] [--expect-fault=NAME]

A scenario (scenario.py) lies in a real Kafka before the daemon starts. The daemon is killed with SIGKILL at random moments:
while it starts, while it counts, while it delivers. After some kills the tail of the write-ahead log is cut off, but only bytes
behind the last fsync, as a power cut would; during some lives the broker is killed too. After kills the state is looked at as it
lies there. When enough was broken the daemon may finish; then output topic, webhook, dead letters and state are compared with
recount.py.

--expect-fault is the negative control: the daemon runs with TOCSIN_FAULT=NAME, which breaks one promise on purpose
(offset_outside_batch, send_before_fsync, origin_check_off), and the run passes only if the comparison finds just that. It lives
until what it breaks has left a trace, and dies again and again until that is found.
"""
import argparse
import glob
import json
import os
import random
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import evidence
import powercut
import recount
import scenario
import transitions
from ids import Ids, write_secret
from hook import Hook
from world import Broker, Daemon, Ended

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
PSEUDONYM_KEY = "crash-pseudonym-key-of-at-least-32-bytes"
WEBHOOK_SECRET = "whsec_Y3Jhc2gtdGVzdC1zZWNyZXQtb2YtMzItYnl0ZXMtISE="
OUTPUT, DEAD, CLIENT = "crash.output", "crash.dead", "crash-daemon"
KINDS = "complaint registration reconnection account_cancelled hotline_rating refund reminder".split()

# What a run must have broken to count (design: nothing is proved by kills that hit nothing).
THROWN_AWAY_MIN, UNDELIVERED_MIN, CASES_MIN, WARNINGS_MIN, CUTS_MIN, BROKER_KILLS_MIN = 20, 5, 1000, 50, 2, 2

# The share of the input that the broker gives out in a second: it must outlast all kills however fast the machine is, and
# still reach all tasks within one life. A control, which needs few kills, gets all at once.
RATE = 0.01

# Records in one piece: a fetch gives whole pieces only, and large ones would leave a partition without any for seconds.
BATCH = 100

# A run in which everything is equal, but whose kills hit too little, is made again with another seed; so many runs at most.
RUNS_MAX = 3
PROVES_NOTHING = 2

# A task that cannot be read holds up the others for 30 s at most: what areas are promised ends there.
BROKER_BACK_WITHIN = 15

# After how many kills the whole state is compared with what lies before its offset.
LOOK_EVERY = 6

# What a negative control must be found by: anything else that is wrong does not count.
FOUND_BY = {"offset_outside_batch": ("cases", "warnings", "profiles", "cells"),
            "origin_check_off": ("cases", "warnings", "profiles", "cells"), "send_before_fsync": ("denied",)}


def say(text):
    print(text, flush=True)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def write_config(work, way, layout, events, bootstrap, hook_url):
    kinds = ", ".join(f"{kind}: {kind}" for kind in KINDS)
    topics = "".join(f"""    - name: {topic}
      event: {{field: /type, map: {{{kinds}}}}}
      format: json
      fields: {{id: /id, time: /ts, customer: /customer, area: /region, channel: /channel}}
""" for topic in layout.partitions)
    write(os.path.join(work, "rules.yml"), scenario.RULES)
    write(os.path.join(work, "thresholds.csv"), scenario.thresholds_csv(events))
    write_secret(os.path.join(work, "pseudonym.key"), PSEUDONYM_KEY)
    write_secret(os.path.join(work, "webhook.secret"), WEBHOOK_SECRET)
    # What the intake repeats after a crash must be refused by its origin, not by its id.
    return write(os.path.join(work, "tocsin.yml"), f"""kafka:
  brokers: [{json.dumps(bootstrap)}]
  group_id: crash
  intake: {way}
  output_topic: {OUTPUT}
  dead_letter_topic: {DEAD}
  partitions: 4
  client_properties:
    client.id: {CLIENT}
    max.partition.fetch.bytes: "32768"
  topics:
{topics}storage:
  dedup: {"1m" if way == "direct" else "0s"}
  backlog_commit_interval: 500ms
privacy:
  pseudonym_key_file: pseudonym.key
rule_files: [rules.yml]
route:
  receiver: hook
receivers:
  - name: hook
    webhook_configs:
      - url: {hook_url}
        secret_file: webhook.secret
        timeout: 1s
""")


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        shutil.rmtree(options.work, ignore_errors=True)
        os.makedirs(options.work)
        self.kills = self.thrown_away = self.undelivered = self.cuts = self.broker_kills = 0
        self.patience = 0.4                    # seconds of work a life is granted at most
        self.complaints = []

    def prepare(self):
        options = self.options
        say(f"seed {options.seed}, {options.events} events, {options.way}")
        # A notice must be made before it can be sent too early.
        calm = 0 if options.expect_fault == "send_before_fsync" else scenario.DAY
        self.events = scenario.generate(options.seed, options.events, calm)
        while not options.expect_fault and not recount.far_from_the_edge(self.events):
            options.seed += 1
            self.events = scenario.generate(options.seed, options.events, calm)
        self.layout = scenario.Layout(self.events, options.way)
        self.broker = Broker(os.path.join(options.work, "broker")).start()
        for topic, partitions in self.layout.partitions.items():
            self.broker.create(topic, partitions)
        bytes_in = 0
        for (topic, partition), records in self.layout.records.items():
            self.broker.produce(topic, partition, records, BATCH)
            bytes_in += sum(len(key) + len(value) + 10 for key, value in records)
        self.log = "crash.events" if options.way == "direct" else "tocsin.events"
        if not options.expect_fault:
            self.limit_rate(int(bytes_in * RATE * (1 if options.way == "direct" else 2)))
        self.hook = Hook(WEBHOOK_SECRET, options.seed, trouble=0.03)
        environment = {"TOCSIN_TEST_SYNC_MARK": "1"}
        if options.expect_fault:
            environment["TOCSIN_FAULT"] = options.expect_fault
        self.daemon = Daemon(options.tocsin, write_config(options.work, options.way, self.layout, len(self.events), self.broker.bootstrap, self.hook.url),
                             os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"), environment)
        self.committed, self.done = 0, 0.0     # records; share of the scenario's time

    def limit_rate(self, rate):
        change = ["--add-config", f"consumer_byte_rate={rate}"] if rate else ["--delete-config", "consumer_byte_rate"]
        self.broker.script("tool", "kafka.admin.ConfigCommand", "--bootstrap-server", self.broker.bootstrap, "--alter",
                           "--entity-type", "clients", "--entity-name", CLIENT, *change)

    def consumed(self):
        """Records of the log that this life has read."""
        by_topic = self.daemon.metrics().get("tocsin_events_consumed_total", {})
        return sum(value for labels, value in by_topic.items() if f'topic="{self.log}"' in labels)

    def logs(self):
        return set(glob.glob(os.path.join(self.daemon.state, "task-*", "*.log")))

    def live(self):
        """One life: start, work a little, die. Answers how many records it had read when last asked."""
        logs, told = self.logs(), self.hook.count()
        self.daemon.start()
        if self.options.expect_fault:
            return self.live_for_the_fault(logs, told)
        if self.random.random() < 0.1:         # dies while it starts
            time.sleep(self.random.uniform(0, 0.5))
            return 0
        self.wait_for("a record is read", self.consumed)
        if self.kills % 9 == 4:
            self.broker.kill()
            self.broker_kills += 1
            if self.random.random() < 0.5:     # the daemon lives to see the broker come back
                self.broker.restart_within(BROKER_BACK_WITHIN)
        time.sleep(self.patience * self.random.random() ** 2)      # soon, mostly: that is when it reads fastest
        self.daemon.check_alive()
        return self.consumed()

    def live_for_the_fault(self, before, told):
        """A life of a negative control: long enough to break its promise where a kill shows it, on however slow a machine."""
        if self.options.expect_fault == "send_before_fsync":
            self.wait_for("notices are delivered", lambda: self.hook.count() > told + 2)
        else:
            self.wait_for("changes are stored", lambda: sum(map(os.path.getsize, self.logs() - before)) > 50_000)
        if self.options.expect_fault == "origin_check_off":        # the repeats lie behind what the first life read
            self.wait_for("a third of the input is read", lambda: self.consumed() > len(self.events) / 3)
        return self.consumed()

    def wait_for(self, what, condition, seconds=120):
        end = time.monotonic() + seconds
        while not condition():
            self.daemon.check_alive()
            if time.monotonic() > end:
                raise TimeoutError(f"{seconds} s have passed before {what}; the end of {self.daemon.log}:\n{self.daemon.tail()}")
            time.sleep(0.01)

    def kill_once(self):
        fault = self.options.expect_fault
        read = self.live()
        self.daemon.kill()
        self.kills += 1
        if not os.path.isdir(self.daemon.state):
            return
        dump = self.daemon.dump("task", "notice")
        committed = sum(row["offset"] for row in dump["task"])
        before = self.done
        self.done = max([self.done] + [(evidence.millis(row["clock"]) - scenario.START) / scenario.SPAN for row in dump["task"]
                                     if row["clock"]])
        self.thrown_away += read > committed - self.committed
        self.undelivered += bool(dump["notice"])
        self.adapt(before)
        if fault == "send_before_fsync" or not fault and self.random.random() < 0.6:
            whole = bool(fault) or self.random.random() < 0.5
            self.cuts += powercut.cut(self.daemon.state, self.random, whole)
        self.committed = self.look()
        if not self.broker.answers():
            self.broker.restart()

    def look(self):
        """What the state says as it lies there; answers how many records it has applied."""
        whole = self.kills % LOOK_EVERY == 0 or self.options.expect_fault
        dump = self.daemon.dump("task", *(["profile"] if whole else []))
        if self.options.way == "direct":
            self.complaints += evidence.denied(dump, self.hook, self.layout)
        if whole:
            self.complaints += evidence.doubled(dump)
            if self.options.way == "direct":
                self.complaints += evidence.remembered(dump, self.layout)
        return sum(row["offset"] for row in dump["task"])

    def adapt(self, before):
        """Lives long enough that the scenario lasts for all kills and is not left over at their end."""
        share = (0.9 - before) / max(3, 1.5 * self.options.kills - self.kills)
        progress = self.done - before
        if progress > 1.5 * share:
            self.patience = max(0.02, self.patience * 0.5)
        elif progress < 0.5 * share:
            self.patience = min(5.0, self.patience * 2)

    def finish(self):
        if not self.options.expect_fault:
            self.limit_rate(None)
        self.hook.trouble = 0
        self.daemon.start().wait_ready()
        self.daemon.settle(lambda: (sum(self.broker.ends(OUTPUT, 4).values()), self.hook.count()))
        code = self.daemon.stop()
        if code != 0:
            self.complaints.append(f"SIGTERM ended the daemon with code {code}, not 0")

    def judge(self):
        ids = Ids(PSEUDONYM_KEY.encode())
        try:
            records = transitions.unique(self.broker.read(OUTPUT))
            transitions.episodes(records)
            self.complaints += evidence.cases(records, self.events, ids)
            self.complaints += evidence.warnings(records, self.events)
            self.complaints += evidence.deliveries(records, self.hook)
        except transitions.Wrong as wrong:
            self.complaints.append(str(wrong))
            records = {}
        dump = self.daemon.dump("task", "profile", "cell")
        self.complaints += evidence.profiles(dump, self.events)
        self.complaints += evidence.cells(dump, self.events)
        self.complaints += evidence.dead_letters(self.broker.read(DEAD, "%h"), self.layout)
        ends = self.broker.ends(self.log, 4)
        offsets = {row["partition"]: row["offset"] for row in dump["task"]}
        self.complaints += evidence.differences("offsets", ends, offsets)
        opened = [r["raises"] for r in records.values() if r["transition"] == "opened"]
        self.cases, self.warnings = opened.count("case"), opened.count("warning")

    def too_little(self):
        """Why this run proves nothing, or ''."""
        for name, count, least in (("kills threw away uncommitted work", self.thrown_away, THROWN_AWAY_MIN),
                                   ("kills fell between commit and delivery", self.undelivered, UNDELIVERED_MIN),
                                   ("tasks lost unsynced bytes", self.cuts, CUTS_MIN), ("brokers were killed", self.broker_kills, BROKER_KILLS_MIN),
                                   ("cases were made", self.cases, CASES_MIN), ("warnings were made", self.warnings, WARNINGS_MIN)):
            if count < least:
                return f"only {count} {name}, at least {least} are needed"
        return ""

    def run(self):
        begin = time.monotonic()
        try:
            self.prepare()
            wanted = self.options.kills
            while self.kills < wanted or (self.kills < 3 * wanted and not self.options.expect_fault and
                                          (self.thrown_away < THROWN_AWAY_MIN or self.undelivered < UNDELIVERED_MIN)):
                if self.done >= 0.97 and not self.options.expect_fault:
                    say(f"the input was used up after {self.kills} kills")
                    break
                self.kill_once()
                if self.complaints:
                    break                      # what a receiver was told cannot be unsaid
                if self.kills % 10 == 0:
                    say(f"{self.kills} kills, {self.done:.0%} of the scenario, {self.hook.count()} notices delivered")
            if not self.complaints:
                self.finish()
                self.judge()
        finally:
            if hasattr(self, "daemon"):
                self.daemon.kill()
                self.hook.close()
            if hasattr(self, "broker"):
                self.broker.stop()
        say(f"{self.kills} kills in {time.monotonic() - begin:.0f} s: {self.thrown_away} threw away uncommitted work, {self.undelivered} "
            f"between commit and delivery, {self.cuts} cut logs, {self.broker_kills} broker kills; webhook: {self.hook.count()} "
            f"accepted, {sum(self.hook.deliveries.values()) - self.hook.count()} repeated, {self.hook.refused} refused")
        return self.verdict()

    def verdict(self):
        for complaint in self.complaints[:20]:
            say(f"WRONG {complaint}")
        if self.options.expect_fault:
            found = any(complaint.startswith(FOUND_BY[self.options.expect_fault]) for complaint in self.complaints)
            say(f"the fault {self.options.expect_fault} was " + ("found, as it must be" if found else "NOT found"))
            return 0 if found else 1
        if self.complaints:
            say(f"state, logs and broker are in {self.options.work}; seed {self.options.seed}")
            return 1
        say(f"{self.cases} cases and {self.warnings} warnings equal the recount")
        if self.kills < self.options.kills or self.too_little():
            say("but this proves nothing: " + (self.too_little() or f"only {self.kills} kills"))
            return PROVES_NOTHING
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--way", choices=["direct", "rekey"], default="direct")
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "crash"))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--events", type=int, default=0, help="default: 5,000 for each kill, at least 150,000")
    parser.add_argument("--expect-fault", choices=sorted(FOUND_BY), help="with --kills the most that are tried")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    options.events = options.events or max(150_000, 5_000 * options.kills)
    try:
        for _ in range(RUNS_MAX):
            outcome = Run(options).run()
            if outcome != PROVES_NOTHING:
                break
            options.seed += 1
        return outcome
    except (Ended, TimeoutError) as error:
        say(f"WRONG {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
