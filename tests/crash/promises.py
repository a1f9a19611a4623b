#!/usr/bin/env python3
"""Open promises outlive the daemon: none is lost, none breaks twice, none breaks while its fulfilment lies unread.

    promises.py --tocsin=BINARY --work=FOLDER [--promises=20000] [--seed=N]

So many customers are each promised something; all promises are open at once and fall due within ten seconds. By the wall clock,
with a real Kafka of its own:

reading  the daemon is killed with SIGKILL three times while it reads the promises, and once when it holds them all
idle     with all of them open and nothing to read, 200 further promises fall due: each breaks within 1 s of due + `delay`
kept     a third is kept in time; the daemon is killed while it reads that
lag      a second third is kept in time, but the daemon is dead; it starts when all is overdue and must not call those broken
broken   the rest breaks, each at its due instant; the daemon is killed while it says so, and says the same record or nothing again

The comparison has a control: taken from a wrong run, with a record less, one more, one kept, one at another instant, it must fail.
"""
import argparse
import json
import os
import random
import shutil
import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import transitions
from ids import Ids, write_secret
from world import Broker, Daemon

PARTITIONS, SPREAD, IDLE, IDLE_WITHIN, DELAY = 4, 10_000, 200, 4, 5      # SPREAD in ms, IDLE_WITHIN and DELAY in s
KEY = "promises-pseudonym-key-of-at-least-32-bytes"
KEPT, KEPT_UNREAD, BROKEN = range(3)


def instant(milliseconds):
    text = datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return text.replace(".000Z", "Z")


def now():
    return time.time_ns() // 1_000_000


def wrong_in(broken, expected):
    """What differs between {subject: [at of each opening]} and {subject: due}; empty: nothing."""
    wrong = [f"{len(missing)} broken promises were never said, for instance {missing[0]}" for missing in [sorted(expected.keys() - broken.keys())] if missing]
    wrong += [f"{len(false)} are said to be broken and are not, for instance {false[0]}" for false in [sorted(broken.keys() - expected.keys())] if false]
    twice = [subject for subject, ats in broken.items() if len(ats) != 1]
    wrong += [f"{len(twice)} broke twice, for instance {twice[0]}"] if twice else []
    moved = [subject for subject, ats in broken.items() if subject in expected and ats[0] != expected[subject]]
    return wrong + ([f"{len(moved)} broke at another instant, for instance {broken[moved[0]]}, not {expected[moved[0]]}"] if moved else [])


def control(broken, expected):
    """The falsified runs that the comparison lets pass."""
    some = next(iter(broken))
    others = {subject: ats for subject, ats in broken.items() if subject != some}
    falsified = {"lost": others, "doubled": {**broken, some: broken[some] * 2}, "false": {**broken, "c-somebody": ["x"]}, "moved": {**others, some: ["x"]}}
    return [name for name, run in falsified.items() if not wrong_in(run, expected)]


class Run:
    def __init__(self, options):
        self.options, self.failed, self.random = options, 0, random.Random(options.seed)
        self.count = options.promises
        self.within = 50 + self.count // 4000            # s: time for all that must be done before they fall due
        self.broker = Broker(os.path.join(options.work, "broker")).start()
        self.daemon = Daemon(options.tocsin, self.configuration(), os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"))
        self.began = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.began:6.0f} s  {text}", flush=True)

    def claim(self, holds, what, found=""):
        self.failed += not holds
        self.say(f"{'ok     ' if holds else 'FAILED '} {what}" + ("" if holds else f": {found}"))

    def configuration(self):
        write = lambda name, text: open(os.path.join(self.options.work, name), "w", encoding="utf-8").write(text)  # noqa: E731
        rule = """  - alert: {name}
    expect: {{after: {after}, event: {event}, within: {within}s}}
    by: [customer]
    levels: {{red: overdue >= 0s}}
    raises: case
"""
        write("rules.yml", "groups:\n- name: promises\n  rules:\n" +
              rule.format(name="Reconnect", after="registration", event="reconnection", within=self.within) +
              rule.format(name="Answer", after="complaint", event="complaint_closed", within=IDLE_WITHIN))
        key = write_secret(os.path.join(self.options.work, "pseudonym.key"), KEY)
        write("tocsin.yml", f"""kafka:
  brokers: [{json.dumps(self.broker.bootstrap)}]
  group_id: promises
  intake: direct
  output_topic: promises.out
  dead_letter_topic: promises.dead
  topics:
    - name: promises
      event: {{field: /type, map: {{r: registration, k: reconnection, c: complaint, x: complaint_closed}}}}
      delay: {DELAY}s
      fields: {{id: /id, time: {{pointer: /t, format: epoch_ms}}, customer: /c}}
rule_files: [rules.yml]
privacy:
  pseudonym_key_file: {key}
""")
        return os.path.join(self.options.work, "tocsin.yml")

    def produce(self, kind, customers_and_times):
        records = [[] for _ in range(PARTITIONS)]
        for number, at in customers_and_times:
            records[number % PARTITIONS].append((f"c{number}", f'{{"id":"{kind}{number}","type":"{kind}","t":{at},"c":"c{number}"}}'))
        for partition, rows in enumerate(records):
            if rows:
                self.broker.produce("promises", partition, rows)

    def start(self):
        self.daemon.start("--clock=wall").wait_ready(120)

    def wait(self, holds, what, seconds=180):
        end = time.monotonic() + seconds
        while not holds():
            self.daemon.check_alive()
            if time.monotonic() > end:
                raise TimeoutError(f"{what} not within {seconds} s; the end of the log:\n{self.daemon.tail()}")
            time.sleep(0.02)

    def caught_up(self):
        """All that was there a moment ago has been read and judged."""
        since = time.time()
        clocks = lambda: self.daemon.metrics().get("tocsin_task_clock_timestamp_seconds", {})  # noqa: E731
        self.wait(lambda: len(found := clocks()) == PARTITIONS and all(clock + DELAY >= since for clock in found.values()), "the end of the input")

    def consumed_of_this_life(self, records):
        self.wait(lambda: self.daemon.total("tocsin_events_consumed_total") >= records, f"{records} records read")

    def said(self):
        return sum(self.broker.ends("promises.out", PARTITIONS).values())

    def memory(self):
        with open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))

    def reading(self):
        self.broker.create("promises", PARTITIONS)
        self.broker.create("promises.out", PARTITIONS)
        begin = now() - SPREAD
        self.made = [begin + number * SPREAD // self.count for number in range(self.count)]
        self.fate = [self.random.randrange(3) for _ in range(self.count)]
        promises = list(enumerate(self.made))
        for kill in range(3):                            # a third each, so that there is something to read for each life
            third = promises[kill::3]
            self.produce("r", third)
            self.start()
            self.consumed_of_this_life(len(third) * self.random.random() * 0.7)
            self.daemon.kill()
        self.say(f"{self.count} promises lie in Kafka, due in {self.until_due():.0f} s")
        self.start()
        self.caught_up()
        self.say(f"killed three times; all are read: {self.memory()} MiB at most")
        self.daemon.kill()
        begin = time.monotonic()
        self.start()
        self.caught_up()
        self.say(f"killed with all of them open; ready and caught up {time.monotonic() - begin:.1f} s later")

    def until_due(self):
        return self.made[0] / 1000 + self.within - time.time()

    def idle(self):
        before = self.said()
        self.claim(before == 0, "nothing is said while all promises are open", str(before))
        due = {}
        for number in range(self.count, self.count + IDLE):
            due[number] = now() + number % 1000
        self.produce("c", due.items())
        self.wait(lambda: self.said() >= IDLE, "the idle topic's promises", IDLE_WITHIN + DELAY + 20)
        late = []
        for line in self.broker.read("promises.out", "%T %s"):
            written, _, value = line.partition(" ")
            late.append(int(written) - to_milliseconds(json.loads(value)["at"]) - DELAY * 1000)
        late.sort()
        self.claim(len(late) == IDLE, f"{IDLE} promises of an idle topic broke", str(len(late)))
        self.claim(0 <= late[0] and late[-1] <= 1000, f"each within 1 s of due + delay: after {late[0]} to {late[-1]} ms, the half within {late[len(late) // 2]} ms",
                   f"{late[0]} to {late[-1]} ms")

    def of_fate(self, fate):
        return [number for number in range(self.count) if self.fate[number] == fate]

    def kept_and_lag(self):
        kept = self.of_fate(KEPT)
        self.produce("k", [(number, now()) for number in kept])
        self.consumed_of_this_life(IDLE + len(kept) / 3)
        self.daemon.kill()
        self.start()
        self.caught_up()
        self.daemon.kill()
        unread = self.of_fate(KEPT_UNREAD)
        self.produce("k", [(number, now()) for number in unread])
        left = self.until_due()
        self.claim(left > 0, "all that was kept was kept in time", f"the machine is too slow: {-left:.0f} s too late, so this run proves nothing")
        time.sleep(max(0, left + SPREAD / 1000 + DELAY + 1))

    def broken(self):
        begin, before = time.monotonic(), self.said()
        broken = self.of_fate(BROKEN)
        self.start()
        self.wait(lambda: self.said() > before + len(broken) / 10, "the first that break")
        self.daemon.kill()
        self.start()
        self.caught_up()
        self.daemon.settle(self.said)
        self.say(f"at rest {time.monotonic() - begin:.1f} s after the start, a kill between: {self.memory()} MiB at most")
        code = self.daemon.stop()
        self.claim(code == 0, "SIGTERM ends it with code 0", str(code))
        ids = Ids(KEY.encode())
        expected = {ids.pseudonym("c", f"c{number}"): instant(self.made[number] + self.within * 1000) for number in broken}
        records, told = transitions.unique(self.broker.read("promises.out")), {}
        for record in records.values():
            if record["rule"] == "Reconnect" and record["transition"] == "opened":
                told.setdefault(record["subject"]["customer"], []).append(record["at"])
        others = [record for record in records.values() if record["transition"] != "opened"]
        self.claim(not others, "nothing else is said of them", str(others[:2]))
        wrong = wrong_in(told, expected)
        self.claim(not wrong, f"{len(broken)} of {self.count} promises broke, each once and at its due instant; the kept ones did not", "; ".join(wrong))
        if not wrong:
            self.claim(not control(told, expected), "the comparison sees what is lost, doubled, false and moved", str(control(told, expected)))


def to_milliseconds(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--work", default=os.path.join("build", "crash", "promises"))
    parser.add_argument("--promises", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    run = Run(options)
    try:
        run.reading()
        run.idle()
        run.kept_and_lag()
        run.broken()
    finally:
        run.daemon.kill()
        run.broker.stop()
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
