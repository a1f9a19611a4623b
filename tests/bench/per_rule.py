"""What one person rule more costs for each event: the same events in memory by `tocsin replay`, which is the daemon's core without
Kafka and without a store, under 3, 50 and 500 rules."""
import os
import subprocess

from table import Figure

COUNTS = (3, 50, 500)
CUSTOMERS_SHARE = 4          # events for each customer: as many as most people of a month have
KINDS = "complaint suspension registration reconnection hotline_rating".split()
SHAPES = [("", "n: count()", "n >= {}"),
          ("where: 'channel == \"app\" or channel == \"web\"'", "n: count()", "n >= {}"),
          ("", "n: count(), channels: distinct(channel)", "n >= {} and channels >= 2")]


def rules(count, kind):
    """So many rules on events of this kind, no two alike, none of which ever opens: evaluation alone is measured."""
    text = "groups:\n- name: bench\n  rules:\n"
    for i in range(count):
        where, measures, level = SHAPES[i % len(SHAPES)] if kind == "complaint" else SHAPES[0]
        text += f"  - alert: Rule{i}\n    on: {kind}\n    by: [customer]\n" + (f"    {where}\n" if where else "")
        text += f"    within: {1 + i % 29}d\n    measures: {{{measures}}}\n    levels: {{yellow: '{level.format(40 + i % 200)}'}}\n"
        text += "    raises: case\n    annotations: {summary: never}\n"
    return text


def slope(cpu, low, high, events):
    """Nanoseconds for each event and rule, where `cpu` has the seconds of each count of rules."""
    return (cpu[high] - cpu[low]) / (high - low) / events * 1e9


class PerRule:
    def __init__(self, tocsin, feeder, folder, events):
        self.tocsin, self.folder, self.events = tocsin, folder, events
        os.makedirs(folder)
        with open(self.path("events.jsonl"), "wb") as file:
            subprocess.run([feeder, f"--events={events}", f"--customers={events // CUSTOMERS_SHARE}", "--draw=even", "--mix=complaints"],
                           stdout=file, check=True)
        self.write("tocsin.yml", f"""kafka:
  brokers: [none:9092]
  topics:
    - name: bench
      event: {{field: /type, map: {{{", ".join(f"{kind}: {kind}" for kind in KINDS)}}}}}
      fields: {{id: /id, time: /ts, customer: /customer, area: /region, category: /category, channel: /channel}}
""")
        for kind in ("complaint", "refund"):
            for count in COUNTS:
                self.write(f"{kind}-{count}.yml", rules(count, kind))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def cpu(self, kind, count):
        """Seconds, user and system."""
        with open(self.path("said"), "wb") as said:
            process = subprocess.Popen([self.tocsin, "replay", f"--config.file={self.path('tocsin.yml')}", f"--rules={self.path(f'{kind}-{count}.yml')}",
                                        f"--events={self.path('events.jsonl')}"], stdout=subprocess.PIPE, stderr=said)
            opened = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        with open(self.path("said"), encoding="utf-8") as said:
            text = said.read()
        if process.returncode or opened or f" {self.events} counted" not in text:
            raise RuntimeError(f"replay under {count} rules ended with code {process.returncode}, {len(opened)} bytes of transitions:\n{text}")
        return usage.ru_utime + usage.ru_stime

    def figures(self, runs):
        """The rows of the table."""
        counting = [{count: self.cpu("complaint", count) for count in COUNTS} for _ in range(runs)]
        others = [{count: self.cpu("refund", count) for count in (COUNTS[0], COUNTS[-1])} for _ in range(runs)]
        rows = [Figure(f"replay, {count} person rules", "CPU us per event", [cpu[count] / self.events * 1e6 for cpu in counting],
                       note=f"{self.events} events, 70 % of them counted by all rules, or by those on its channel") for count in COUNTS]
        for low, high in zip(COUNTS, COUNTS[1:]):
            rows.append(Figure(f"each rule more, {low} to {high}", "CPU ns per event", [slope(cpu, low, high, self.events) for cpu in counting]))
        rows.append(Figure("each rule more, on other kinds", "CPU ns per event", [slope(cpu, COUNTS[0], COUNTS[-1], self.events) for cpu in others],
                           note="loading the rules included"))
        return rows
