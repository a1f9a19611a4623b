"""The independent recount: what tocsin must say about a scenario, worked out event by event in plain Python.

Shares nothing with the daemon: no code, no offsets. The definitions are those of the design: persons by windows (t - W, t],
promises by due times, areas by minute buckets and distinct people; at one instant events come before clocks.
"""
import bisect
import collections

import scenario
from scenario import DAY, HOUR, MINUTE

COLOURS = ["blue", "yellow", "orange", "red"]


class Person:
    """One customer's transitions under one window rule: (id, at, transition, level, reason). `ids` as tests/e2e/ids.py."""

    def __init__(self, rule, window, levels, ids, customer):
        self.rule, self.window, self.levels, self.ids = rule, window, levels, ids
        self.shown = ids.pseudonym("c", customer)
        self.times, self.level, self.episode, self.number, self.made = [], None, None, 0, []

    def judge(self, t):
        n = len(self.times) - bisect.bisect_right(self.times, t - self.window)
        return next((colour for colour in reversed(COLOURS) if n >= self.levels.get(colour, 1 << 30)), None)

    def note(self, t, kind, level, reason=None):
        self.number += 1
        self.made.append((f"{self.episode}.{self.number}", t, kind, level, reason))

    def expire(self, until, inclusive):
        """What happens because events leave the window before (or at) `until`."""
        while self.level:
            first = bisect.bisect_right(self.times, self.now - self.window)
            if first == len(self.times):
                return
            due = self.times[first] + self.window
            if due > until or (due == until and not inclusive):
                return
            self.now = due
            level = self.judge(due)
            if level == self.level:
                continue
            self.note(due, "lowered" if level else "closed", level, None if level else "quiet")
            self.level = level

    def event(self, event):
        t = event["ts"]
        self.expire(t, inclusive=False)
        self.now = t
        self.times.append(t)
        level = self.judge(t)
        if level == self.level:
            if level:
                self.note(t, "updated", level)
            return
        if self.level is None:
            self.episode, self.number = self.ids.episode(self.rule, [self.shown], event["id"]), 0
            self.note(t, "opened", level)
        else:
            rises = level is not None and COLOURS.index(level) > COLOURS.index(self.level)
            self.note(t, "raised" if rises else "lowered", level)
        self.level = level


class Promise:
    """One customer's transitions under RegisteredNotReconnected."""

    WITHIN, ORANGE = HOUR, 3 * HOUR

    def __init__(self, ids, customer):
        self.ids, self.shown = ids, ids.pseudonym("c", customer)
        self.stated = None                     # (due, id of the event) of the open promise
        self.level, self.episode, self.number, self.made = None, None, 0, []

    def note(self, t, kind, level, reason=None):
        self.number += 1
        self.made.append((f"{self.episode}.{self.number}", t, kind, level, reason))

    def expire(self, until, inclusive):
        if not self.stated:
            return
        due, by = self.stated
        for at, level in ((due, "yellow"), (due + self.ORANGE, "orange")):
            passed = at <= until if inclusive else at < until
            if passed and level == "yellow" and self.level is None:
                self.episode, self.number = self.ids.episode("RegisteredNotReconnected", [self.shown], by), 0
                self.note(at, "opened", level)
                self.level = level
            elif passed and level == "orange" and self.level == "yellow":
                self.note(at, "raised", level)
                self.level = level

    def event(self, event):
        t = event["ts"]
        self.expire(t, inclusive=False)
        if event["type"] == "registration":
            if event["result"] == "ok" and event["was_suspended"] and not self.stated:
                self.stated = (t + self.WITHIN, event["id"])
        elif event["type"] in ("reconnection", "account_cancelled"):
            if self.level:
                self.note(t, "closed", None, "fulfilled" if event["type"] == "reconnection" else "cancelled")
            self.stated = self.level = None


def cases(events, ids):
    """{transition id: (at, transition, level, reason)} of all cases, to the last event's instant inclusive."""
    judges = {}
    for event in events:
        customer = event["customer"]
        if event["type"] == "complaint" and event["channel"] != "staff":
            for rule, window, levels in (("HighFrequencyComplainant", DAY, {"yellow": 3, "orange": 5}),
                                         ("PersistentComplainant", 7 * DAY, {"orange": 8})):
                key = (rule, customer)
                if key not in judges:
                    judges[key] = Person(rule, window, levels, ids, customer)
                judges[key].event(event)
        elif event["type"] in ("registration", "reconnection", "account_cancelled"):
            key = ("RegisteredNotReconnected", customer)
            if key not in judges:
                judges[key] = Promise(ids, customer)
            judges[key].event(event)
    made = {}
    for judge in judges.values():
        judge.expire(events[-1]["ts"], inclusive=True)
        for key, *rest in judge.made:
            made[key] = tuple(rest)
    return made


class Area:
    """Distinct people of one area in the last hour of minute buckets, and the warning it makes."""

    KEEP = 30 * MINUTE
    BUCKETS = 60

    def __init__(self, thresholds):
        self.thresholds = thresholds
        self.latest = {}                       # customer -> bucket of the latest complaint
        self.people = collections.Counter()    # bucket -> customers whose latest complaint lies there
        self.total = 0                         # people in the window that ends with self.bucket
        self.bucket = 0
        self.level, self.false_since, self.warnings = -1, None, []

    def holds(self):
        return max((i for i, colour in enumerate(COLOURS) if self.total >= self.thresholds[colour]), default=-1)

    def advance(self, bucket):
        """Moves the window's end bucket by bucket; judges at each beginning of a minute."""
        while self.bucket < bucket:
            if not self.total and self.level < 0:
                self.bucket = bucket
                return
            self.bucket += 1
            self.total -= self.people.pop(self.bucket - self.BUCKETS, 0)
            if self.level >= 0:                # people who leave make no warning
                self.judge(self.bucket * MINUTE)

    def judge(self, t):
        while self.level >= 0 and self.false_since is not None and self.false_since + self.KEEP <= t:
            due = self.false_since + self.KEEP
            self.level -= 1
            self.false_since = due if self.level >= 0 and self.total < self.thresholds[COLOURS[self.level]] else None
        level = self.holds()
        if level > self.level:
            if self.level < 0:
                self.warnings.append([t // MINUTE, level])
            self.level = level
            self.warnings[-1][1] = max(self.warnings[-1][1], level)
        if self.level >= 0:
            if self.total >= self.thresholds[COLOURS[self.level]]:
                self.false_since = None
            elif self.false_since is None:
                self.false_since = t

    def event(self, customer, t):
        bucket = t // MINUTE
        self.advance(bucket)
        before = self.latest.get(customer)
        if before is not None and before in self.people and before > self.bucket - self.BUCKETS:
            self.people[before] -= 1
            self.total -= 1
        self.latest[customer] = bucket
        self.people[bucket] += 1
        self.total += 1
        self.judge(t)


def thresholds_of(area, events, slack):
    return {colour: people + slack for colour, people in scenario.thresholds_of(area, events).items()}


def warnings(events, slack=0):
    """[(area, highest level, opening bucket)] of AreaComplaintSurge; `slack` moves every threshold."""
    areas = {}
    for event in events:
        if event["type"] != "complaint":
            continue
        county = event["region"]
        for area in (county, county.rsplit("/", 1)[0]):
            if area not in areas:
                areas[area] = Area(thresholds_of(area, len(events), slack))
            areas[area].event(event["customer"], event["ts"])
    made = []
    for name, area in areas.items():
        area.advance(events[-1]["ts"] // MINUTE)
        made += [(name, COLOURS[level], bucket) for bucket, level in area.warnings]
    return sorted(made)


def far_from_the_edge(events):
    """Whether the warnings stay the same with every threshold two people lower or higher."""
    lower, higher = (sorted((area, level) for area, level, _ in warnings(events, slack)) for slack in (-2, 2))
    return lower == higher


def profiles(events):
    """{customer: sorted [(time, kind)]} of everything that happened to a customer."""
    made = collections.defaultdict(list)
    for event in events:
        made[event["customer"]].append((event["ts"], event["type"]))
    return {customer: sorted(rows) for customer, rows in made.items()}


def cells(events):
    """{(area, bucket): (complaints, people)} of the last hour; people: those whose latest complaint lies in the bucket."""
    last = events[-1]["ts"] // MINUTE
    counts, latest = collections.Counter(), {}
    for event in events:
        if event["type"] == "complaint":
            bucket = event["ts"] // MINUTE
            for area in (event["region"], event["region"].rsplit("/", 1)[0]):
                counts[area, bucket] += 1
                latest[area, event["customer"]] = bucket
    people = collections.Counter((area, bucket) for (area, _), bucket in latest.items())
    return {key: (count, people[key]) for key, count in counts.items() if key[1] > last - Area.BUCKETS}
