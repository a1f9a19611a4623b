"""What one crash run left behind, compared with the recount. Each check answers with complaints, empty if all is well."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import recount
import transitions
from scenario import MINUTE, show

MOST = 8                                       # differences shown of each kind


def differences(what, expected, actual):
    """Complaints about two sets, or two {key: value}."""
    found = []
    expected_keys, actual_keys = set(expected), set(actual)
    for sign, keys in (("missing", expected_keys - actual_keys), ("not expected", actual_keys - expected_keys)):
        if keys:
            found.append(f"{what}: {len(keys)} {sign}: " + "; ".join(map(str, sorted(keys, key=str)[:MOST])))
    if isinstance(expected, dict):
        wrong = [key for key in expected_keys & actual_keys if expected[key] != actual[key]]
        if wrong:
            found.append(f"{what}: {len(wrong)} differ: " + "; ".join(
                f"{key}: expected {expected[key]}, found {actual[key]}" for key in sorted(wrong, key=str)[:MOST]))
    return found


def record_of(body):
    """The transition record in a webhook's body."""
    value = json.loads(body)
    while isinstance(value, dict) and "transition" not in value:
        value = next((v for v in value.values() if isinstance(v, dict)), None)
    return value


def cases(records, events, ids):
    expected = {key: (show(at), kind, level, reason) for key, (at, kind, level, reason) in recount.cases(events, ids).items()}
    actual = {key: (r["at"], r["transition"], r["level"], r.get("reason")) for key, r in records.items() if r["raises"] == "case"}
    return differences("cases", expected, actual)


def minute(text):
    import datetime
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * 1000 // MINUTE


def warnings(records, events):
    """By area, highest level and opening bucket, one bucket more or less. A second id for a warning is one too many."""
    expected = recount.warnings(events)
    actual = []
    for episode in transitions.episodes({k: r for k, r in records.items() if r["raises"] == "warning"}).values():
        actual.append((episode.subject[0], episode.highest, minute(episode.opening["at"])))
    left, surplus = list(expected), []
    for area, level, bucket in sorted(actual):
        match = next((row for row in left if row[:2] == (area, level) and abs(row[2] - bucket) <= 1), None)
        if match:
            left.remove(match)
        else:
            surplus.append((area, level, bucket))
    return ([f"warnings: {len(left)} missing: {left[:MOST]}"] if left else []) + \
           ([f"warnings: {len(surplus)} not expected: {surplus[:MOST]}"] if surplus else [])


def deliveries(records, hook):
    """The webhook has each transition that is a notice, at least once, under its id, as it stands in the output topic."""
    expected = {key for key, record in records.items() if record["transition"] in transitions.NOTIFIED}
    complaints = hook.wrong[:MOST] + differences("webhook", expected, set(hook.accepted))
    told = {key: record_of(body) for key, body in hook.accepted.items() if key in records}
    for key, record in told.items():
        if record is None or any(record.get(field) != records[key].get(field)
                                 for field in ("at", "rule", "id", "transition", "level", "subject")):
            complaints.append(f"webhook: {key} says something else than the output topic: {record}")
            break
    return complaints


def profiles(dump, events):
    """Every event of every customer is remembered once: the scenario is shorter than any retention."""
    actual, twice = {}, []
    for row in dump["profile"]:
        if row["customer"] in actual:
            twice.append(row["customer"])
        actual[row["customer"]] = sorted((millis(at), kind) for at, kind in row["events"])
    return differences("profiles", recount.profiles(events), actual) + [f"profiles: {name} is in two tasks" for name in twice[:MOST]]


def doubled(dump):
    """After a kill: is an event remembered twice? No two events share an instant."""
    for row in dump["profile"]:
        times = [at for at, _ in row["events"]]
        if len(set(times)) < len(times):
            twice = sorted(at for at in set(times) if times.count(at) > 1)
            return [f"profiles: {row['customer']} has events twice: {'; '.join(twice[:MOST])}"]
    return []


def remembered(dump, layout):
    """After a kill: each task holds what lies before its offset, and nothing else (direct only)."""
    held = {}
    for row in dump["profile"]:
        held.setdefault(row["task"], set()).update(millis(at) for at, _ in row["events"])
    next_offset = {row["partition"]: row["offset"] for row in dump["task"]}
    complaints = []
    for partition, offset in sorted(next_offset.items()):
        complaints += differences(f"profiles: task {partition} before offset {offset}", layout.times_before(partition, offset),
                                  held.get(partition, set()))
    return complaints


def millis(text):
    import datetime
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def cells(dump, events):
    """Counts and people of the last hour, added up over the tasks."""
    expected, actual = recount.cells(events), {}
    for row in dump["cell"]:
        key = (row["area"], millis(row["bucket"]) // MINUTE)
        if key in expected or key[1] > events[-1]["ts"] // MINUTE - recount.Area.BUCKETS:
            count, people = actual.get(key, (0, 0))
            actual[key] = (count + row["count"], people + row["people"])
    wanted_levels = {key: value for key, value in actual.items() if key[0].count("/") in (1, 2)}
    return differences("cells", expected, {key: value for key, value in wanted_levels.items() if value != (0, 0)})


def dead_letters(headers, layout):
    """One for each value that is no JSON, by origin (the intake may write one twice)."""
    origins = set()
    for line in headers:
        fields = dict(part.split("=", 1) for part in line.split(",") if "=" in part)
        named = {name.rsplit(".", 1)[-1].rsplit("_", 1)[-1].rsplit("-", 1)[-1]: value for name, value in fields.items()}
        origins.add((named.get("topic"), int(named.get("partition", -1)), int(named.get("offset", -1))))
    return differences("dead letters", layout.unreadable, origins)


def denied(dump, hook, layout):
    """After a kill or a power cut: has anything been sent that the state does not know? (direct only)

    A case's opening was caused by the event that the record names as its trigger, or by a timer after it; a state that
    stands before that event denies having said it.
    """
    next_offset = {row["partition"]: row["offset"] for row in dump["task"]}
    for key, body in hook.snapshot().items():
        record = record_of(body)
        if record["raises"] == "case" and record["trigger"] in layout.place:
            _, partition, offset = layout.place[record["trigger"]]
            if next_offset.get(partition, 0) <= offset:
                return [f"denied: {key} was sent, but its trigger {record['trigger']} lies at offset {offset} of partition {partition}, and "
                        f"the state begins again at {next_offset.get(partition, 0)}: it was sent before it was safe"]
    return []
