#!/usr/bin/env python3
"""Holds what `tocsin schema` prints against files that the program accepts and refuses, by somebody else's validator.

    schema_check.py TOCSIN ROOT
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `on` is a word, a time is a text."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (("bool", r"^(?:true|false)$", "tf"), ("null", r"^(?:null|~|)$", ["n", "~", ""]),
                            ("int", r"^-?[0-9]+$", "-0123456789"), ("float", r"^-?[0-9]+\.[0-9]+$", "-0123456789")):
    CoreLoader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)

# What the loader says of keys, not of values: a schema must see it too.
OF_KEYS = re.compile(r'^[^:\n]+:\d+:\d+: (?:unknown field "[^"]*" in |\w+: not supported yet$)', re.MULTILINE)
MISSING = re.compile(r'^[^:\n]+:\d+:\d+: missing field "', re.MULTILINE)

# Records of a topic without fields, and of deploy/tocsin.yml's first one; what the decoder says of them is what counts.
PLAIN = [
    {"kind": "complaint", "time": "2016-11-07T00:00:00Z", "customer": 13800138000, "escalated_to_regulator": True},
    {"kind": "complaint", "time": "2016-11-07T00:00:00Z", "escalated_to_regulator": None, "more": [1]},
    {"kind": "complaint", "time": "2016-11-07T00:00:00Z", "escalated_to_regulator": "yes"},
    {"kind": "complaint", "time": None},
    {"kind": "complaint"},
    {"kind": "compliant", "time": "2016-11-07T00:00:00Z"},
    {"time": "2016-11-07T00:00:00Z"},
    {"kind": "registration", "time": "2016-11-07T00:00:00Z", "result": "ok"},
    {"kind": "registration", "time": "2016-11-07T00:00:00Z", "result": "okay"},
    {"kind": "complaint", "time": "2016-11-07T00:00:00Z", "result": "okay"},
    {"kind": "hotline_rating", "time": "2016-11-07T00:00:00Z", "score": 9.5},
    {"kind": "hotline_rating", "time": "2016-11-07T00:00:00Z", "score": 9},
    {"kind": "refund", "time": "2016-11-07T00:00:00Z", "amount": 9.5},
    {"kind": "suspension", "time": "2016-11-07T00:00:00Z", "promised": 12},
    {"kind": "complaint", "time": "2016-11-07T00:00:00Z", "area": ["a"]},
    [1],
]
MAPPED = [
    {"type": "urge", "acceptTime": "2016-11-07 00:00:00", "serialNo": 12, "acceptNumber": "13800138000"},
    {"type": "nudge", "acceptTime": "2016-11-07 00:00:00"},
    {"type": "urge", "acceptTime": 1478476800},
    {"type": "urge", "time": "2016-11-07 00:00:00"},
    {"type": "appeal", "acceptTime": "2016-11-07 00:00:00", "hall": 7, "escalated_to_regulator": False},
    {"type": "appeal", "acceptTime": "2016-11-07 00:00:00", "escalated_to_regulator": 0},
]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:  # some are broken in just that
        return file.read()


class Check:
    def __init__(self, tocsin, root):
        self.tocsin, self.root, self.wrong, self.seen = tocsin, root, [], 0

    def schema(self, *arguments):
        out = subprocess.run([self.tocsin, "schema", *arguments], stdout=subprocess.PIPE, check=True, timeout=60).stdout
        schema = json.loads(out)
        jsonschema.Draft7Validator.check_schema(schema)
        return jsonschema.Draft7Validator(schema)

    def expect(self, what, validator, document, accepted):
        self.seen += 1
        mistakes = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(document)]
        if accepted and mistakes:
            self.wrong.append(f"{what} is refused: {mistakes[0]}")
        if not accepted and not mistakes:
            self.wrong.append(f"{what} is accepted")

    def files(self, validator, good, broken, missing_too):
        for path in good:
            self.expect(path, validator, yaml.load(read(path), CoreLoader), True)
        refused = 0
        for path in broken:
            name = os.path.basename(path)  # what is said of files that this one names is not its schema's business
            said = "\n".join(line for line in read(path[:-len(".yml")] + ".expected").splitlines() if line.startswith(name))
            if not OF_KEYS.search(said) and not (missing_too and MISSING.search(said)):
                continue
            refused += 1
            self.expect(path, validator, yaml.load(read(path), CoreLoader), False)
        if refused < 5:
            self.wrong.append(f"only {refused} broken files were tried")

    def records(self, validator, config, topic, records):
        """The schema says of each record what the decoder says."""
        with tempfile.TemporaryDirectory() as folder:
            for number, record in enumerate(records):
                path = os.path.join(folder, f"{number}.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(record, file)
                ran = subprocess.run([self.tocsin, "check", "events", "--config.file", config, "--record", f"{topic}={path}"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
                self.expect(f"{json.dumps(record)} ({ran.stdout.decode().strip()})", validator, record, ran.returncode == 0)


def main(tocsin, root):
    check = Check(tocsin, root)
    found = lambda pattern: sorted(glob.glob(os.path.join(root, pattern)))
    check.files(check.schema("rules"), found("rules/*.yml") + found("rules/campaign/*.yml"), found("tests/rules/broken/*.yml"), True)
    others = ("events.yml", "/phases.yml")  # files that a configuration names; they have no schema of their own
    configurations = [path for path in found("tests/config/good/*.yml") + found("deploy/*.yml") if not path.endswith(others)]
    check.files(check.schema("config"), configurations, found("tests/config/broken/*.yml"), False)
    deployed = os.path.join(root, "deploy/tocsin.yml")
    check.records(check.schema("event", "--config.file", deployed, "--topic", "cs.complaints"), deployed, "cs.complaints", MAPPED)
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "tocsin.yml")
        with open(plain, "w", encoding="utf-8") as file:
            file.write("kafka: {topics: [{name: plain, event: {field: /kind}}]}\n")
        check.records(check.schema("event"), plain, "plain", PLAIN)
    tests = [path for path in found("rules/tests/*.yml") + found("tests/app/failing_tests/*.yml") if not path.endswith("/rules.yml")]
    check.files(check.schema("test"), tests, found("tests/app/broken_tests/*.yml"), True)
    print("\n".join(check.wrong) or f"{check.seen} documents")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
