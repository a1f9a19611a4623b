"""What the crash test feeds: an invented campaign, in event-time order, and the rules that judge it.

Everybody in it is fictitious. No two events share an instant, and a customer's events are at least two minutes apart, so
that the order of events is beyond doubt and a recount needs no tie-breaking. The crowds that make warnings are far from the
thresholds on both sides (recount.py checks that), because the order between tasks is undefined within one minute.
"""
import json
import random
import zlib

START = 1_709_251_200_000            # 2024-03-01T00:00:00Z, in ms like every instant here
SPAN = 5 * 86_400_000
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000

CITIES, COUNTIES = 11, 10
# People of a crowd in one county within twenty minutes, and how many more than usual make a warning there and in its city.
CROWDS = {"blue": 45, "yellow": 90, "orange": 180, "red": 330}
COUNTY_EXCESS = {"blue": 30, "yellow": 67, "orange": 135, "red": 255}
CITY_EXCESS = {"blue": 135, "yellow": 255, "orange": 2000, "red": 4000}
COMPLAINTS = 0.7                     # share of the background

RULES = """
groups:
  - name: persons
    rules:
      - alert: HighFrequencyComplainant
        on: complaint
        where: channel != "staff"
        by: [customer]
        within: 1d
        measures:
          n: count()
        levels:
          yellow: n >= 3
          orange: n >= 5
        raises: case
      - alert: PersistentComplainant
        on: complaint
        where: channel != "staff"
        by: [customer]
        within: 7d
        measures:
          n: count()
        levels:
          orange: n >= 8
        raises: case
  - name: promises
    rules:
      - alert: RegisteredNotReconnected
        expect:
          after: registration where result == "ok" and was_suspended
          event: reconnection
          cancel_on: [account_cancelled]
          within: 1h
        by: [customer]
        levels:
          yellow: overdue >= 0s
          orange: overdue >= 3h
        raises: case
  - name: areas
    thresholds_file: thresholds.csv
    rules:
      - alert: AreaComplaintSurge
        on: complaint
        by: [area]
        rollup_areas: [county, city]
        within: 1h
        measures:
          people: distinct(customer)
        levels:
          blue: people >= threshold.blue
          yellow: people >= threshold.yellow
          orange: people >= threshold.orange
          red: people >= threshold.red
        keep_firing_for: 30m
        raises: warning
"""


def county(city, number):
    return f"Province/City-{city:02}/County-{number:02}"


def counties():
    return [county(c, n) for c in range(1, CITIES + 1) for n in range(1, COUNTIES + 1)]


def thresholds_of(area, events):
    """{colour: people} of a county or a city when this many events are spread over the scenario."""
    usual = events * COMPLAINTS * HOUR / SPAN / CITIES
    if area.count("/") == 2:
        return {colour: round(usual / COUNTIES) + excess for colour, excess in COUNTY_EXCESS.items()}
    return {colour: round(usual) + excess for colour, excess in CITY_EXCESS.items()}


def thresholds_csv(events):
    """area,blue,yellow,orange,red: a row for each city and county, nothing for the rest."""
    areas = [f"Province/City-{c:02}" for c in range(1, CITIES + 1)] + counties()
    rows = [",".join([area] + [str(people) for people in thresholds_of(area, events).values()]) for area in areas]
    return "\n".join(["area,blue,yellow,orange,red"] + rows) + "\n"


class Generator:
    def __init__(self, seed, events, calm):
        self.calm = calm
        self.random = random.Random(seed)
        self.wanted = events
        self.plan = []                         # (t, kind, customer, area, further fields)
        self.home = {}                         # customer -> county

    def add(self, t, kind, customer, area=None, **fields):
        if area is None:
            area = self.home.setdefault(customer, self.random.choice(ALL_COUNTIES))
        if kind == "complaint":
            fields["channel"] = self.random.choice(["hotline", "hotline", "app", "web", "staff"])
        self.plan.append((START + int(t), kind, customer, area, fields))

    def crowds(self, number):
        """Many people of one county complain within twenty minutes; some of them twice, which counts once."""
        free = {}
        for i in range(number):
            area = self.random.choice(ALL_COUNTIES)
            city = area.rsplit("/", 1)[0]
            begin = self.random.uniform(self.calm + 2 * HOUR, SPAN - 5 * HOUR)
            if any(abs(begin - other) < 5 * HOUR for other in free.get(city, [])):
                continue                       # one crowd at a time in a city: their levels must not add up
            free.setdefault(city, []).append(begin)
            colour = list(CROWDS)[i % len(CROWDS)]
            for person in range(CROWDS[colour]):
                customer = f"crowd-{i:03}-{person:03}"
                t = begin + self.random.uniform(0, 20 * MINUTE)
                self.add(t, "complaint", customer, area)
                if person % 10 == 0:
                    self.add(t + self.random.uniform(3, 15) * MINUTE, "complaint", customer, area)

    def persistent(self, number):
        """People who complain again and again, in bouts with silence between them: cases that open, rise, fall and close."""
        for i in range(number):
            customer = f"prone-{i:05}"
            t = self.calm + self.random.uniform(0, DAY)
            while t < SPAN - HOUR:
                for _ in range(self.random.randint(1, 7)):
                    self.add(t, "complaint", customer)
                    t += self.random.uniform(3 * MINUTE, 5 * HOUR)
                    if t >= SPAN - HOUR:
                        break
                t += self.random.uniform(4 * HOUR, 3 * DAY)

    def registrations(self, number):
        """People who register and are reconnected in time, exactly on time, late, very late, never; or give up."""
        for i in range(number):
            customer = f"reg-{i:05}"
            t = self.random.uniform(self.calm, SPAN - 2 * HOUR)
            ok = self.random.random() < 0.9
            self.add(t, "registration", customer, result="ok" if ok else "failed", was_suspended=self.random.random() < 0.9)
            if self.random.random() < 0.2:     # registers again: the first promise stands
                self.add(t + self.random.uniform(3, 50) * MINUTE, "registration", customer, result="ok", was_suspended=True)
            fate = self.random.random()
            if fate < 0.55:
                self.add(t + self.random.uniform(5, 59) * MINUTE, "reconnection", customer)
            elif fate < 0.58:
                self.add(int(START + t) - START + HOUR, "reconnection", customer)
            elif fate < 0.80:
                self.add(t + self.random.uniform(61, 170) * MINUTE, "reconnection", customer)
            elif fate < 0.92:
                self.add(t + self.random.uniform(4, 30) * HOUR, "reconnection", customer)
            elif fate < 0.96:
                self.add(t + self.random.uniform(0.2, 20) * HOUR, "account_cancelled", customer, balance=12.5)

    def background(self):
        people = int(self.wanted / 1.4)
        for _ in range(max(0, self.wanted - len(self.plan))):
            customer = f"sub-{self.random.randrange(people):07}"
            kind = "complaint" if self.random.random() < COMPLAINTS else self.random.choice(["hotline_rating", "refund", "reminder"])
            self.add(self.random.uniform(0, SPAN), kind, customer)

    def events(self):
        """In event-time order, each instant once, each customer's events two minutes apart (closer ones are left out)."""
        made, last, latest = [], {}, START
        for t, kind, customer, area, fields in sorted(self.plan, key=lambda entry: entry[:3]):
            if t >= START + SPAN or t <= latest or t - last.get(customer, 0) < 2 * MINUTE:
                continue
            latest = last[customer] = t
            made.append({"id": f"e{len(made):07}", "ts": t, "type": kind, "customer": customer, "region": area, **fields})
        return made


ALL_COUNTIES = counties()


def generate(seed, events, calm=DAY):
    """`calm`: so long there is no case and no warning at first: commits without a reason to sync, for power cuts."""
    generator = Generator(seed, events, calm)
    scale = events / 300_000
    generator.crowds(int(20 * min(scale, 1) + 80))
    generator.persistent(int(600 * scale) + 20)
    generator.registrations(int(3000 * scale) + 50)
    generator.background()
    return generator.events()


def show(t):
    """RFC 3339 with milliseconds only if not zero, as the output prints it."""
    import datetime
    text = datetime.datetime.fromtimestamp(t // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{t % 1000:03}" if t % 1000 else "") + "Z"


def to_json(event):
    return json.dumps({**event, "ts": show(event["ts"])}, separators=(",", ":"))


def partition_of(key, partitions):
    return zlib.crc32(key.encode()) % partitions


class Layout:
    """Which record goes where: {(topic, partition): [(key, value)]}, and where each event lies.

    Behind a direct topic every 200th record is written twice in a row, and its id tells; what the intake repeats is told by
    its origin alone, so there ids are not remembered and nothing is written twice. Every 20,000th place also gets a value that is no JSON.
    """

    def __init__(self, events, way):
        self.partitions = {"crash.events": 4} if way == "direct" else {"crash.complaints": 3, "crash.services": 2}
        self.records = {(topic, p): [] for topic, count in self.partitions.items() for p in range(count)}
        self.place = {}                        # event id -> (topic, partition, offset) of its first record
        self.times = {}                        # event id -> its time
        self.unreadable = set()                # places of the records that are no JSON
        for number, event in enumerate(events):
            if way == "direct":
                topic, key = "crash.events", event["customer"]
            else:                              # foreign keys: neither topic knows the customer as a key
                topic = "crash.complaints" if event["type"] == "complaint" else "crash.services"
                key = event["region"] if event["type"] == "complaint" else event["id"]
            place = (topic, partition_of(key, self.partitions[topic]))
            value = to_json(event)
            records = self.records[place]
            self.place[event["id"]] = (*place, len(records))
            self.times[event["id"]] = event["ts"]
            records += [(key, value)] * (2 if way == "direct" and number % 200 == 7 else 1)
            if number % 20_000 == 11:
                self.unreadable.add((*place, len(records)))
                records.append((key, value[:-2]))

    def times_before(self, partition, offset):
        """The times of all events whose first record lies before this offset (direct)."""
        return {self.times[event] for event, (_, p, first) in self.place.items() if p == partition and first < offset}
