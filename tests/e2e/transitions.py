"""Transition records (the lines of `replay`, the values of output_topic) put together into episodes.

Knows the contract, not the code: a record is repeated under the same id with the same content or it is wrong; an episode
is opened once and closed at most once; its transitions are numbered 1, 2, … without a gap.
"""
import json

NOTIFIED = ("opened", "raised", "lowered", "acknowledged", "closed")


class Wrong(Exception):
    """The records contradict each other, whatever the oracle says."""


class Episode:
    def __init__(self, records):
        self.records = records
        self.opening = records[0]
        self.closing = records[-1] if records[-1]["transition"] == "closed" else None
        self.id = self.opening["id"].rpartition(".")[0]

    @property
    def subject(self):
        """The values of the subject's fields, in the rule's order."""
        return tuple(self.opening["subject"].values())

    @property
    def highest(self):
        order = ["blue", "yellow", "orange", "red"]
        return max((r["level"] for r in self.records if r["level"]), key=order.index)


def unique(lines):
    """{id: record} of JSON lines in which a record may be repeated."""
    records = {}
    for line in lines:
        if not line.strip():
            continue
        record = json.loads(line)
        known = records.setdefault(record["id"], record)
        if known != record:
            raise Wrong(f"two contents under one id:\n  {json.dumps(known)}\n  {json.dumps(record)}")
    return records


def episodes(records, in_time_order=True):
    """{episode id: Episode}; raises Wrong where an episode's transitions do not make one life. Where events come late, what
    they raise may lie before what was said already: not in_time_order."""
    by_episode = {}
    for key, record in records.items():
        episode, _, number = key.rpartition(".")
        by_episode.setdefault(episode, {})[int(number)] = record
    found = {}
    for episode, numbered in by_episode.items():
        if sorted(numbered) != list(range(1, len(numbered) + 1)):
            raise Wrong(f"episode {episode} has transitions {sorted(numbered)}: one is missing")
        ordered = [numbered[n] for n in sorted(numbered)]
        kinds = [record["transition"] for record in ordered]
        if kinds[0] != "opened" or "opened" in kinds[1:] or "closed" in kinds[:-1]:
            raise Wrong(f"episode {episode} is not one life: {kinds}")
        if in_time_order and any(a["at"][:-1] > b["at"][:-1] for a, b in zip(ordered, ordered[1:])):
            raise Wrong(f"episode {episode} goes back in time: {[record['at'] for record in ordered]}")
        found[episode] = Episode(ordered)
    return found


def compare(expected, actual, columns, out, most=20):
    """Prints what only one side has, as rows of these columns, and says whether both sets are equal. Doubles count."""
    surplus, left = [], {}
    for row in expected:
        left[row] = left.get(row, 0) + 1
    for row in actual:
        if left.get(row, 0):
            left[row] -= 1
        else:
            surplus.append(row)
    missing = [row for row, count in left.items() for _ in range(count)]
    if not missing and not surplus:
        print(f"equal: {len(expected)} rows", file=out)
        return True
    print(f"different: {len(missing)} of {len(expected)} expected rows are missing, {len(surplus)} were not expected", file=out)
    print("  " + " | ".join(columns), file=out)
    both = [("-", row) for row in missing] + [("+", row) for row in surplus]
    # Rows that differ in one column come to stand together: by subject and rule first, then by time.
    for sign, row in sorted(both, key=lambda entry: (tuple(map(str, entry[1][2:5])), entry[1][0], entry[0]))[:most]:
        print(f"{sign} " + " | ".join(map(str, row)), file=out)
    if len(both) > most:
        print(f"  … and {len(both) - most} more", file=out)
    return False
