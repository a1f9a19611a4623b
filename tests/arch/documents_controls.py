#!/usr/bin/env python3
"""Negative controls of documents.py: a small project whose documents are right, and for each check changes that it must find."""
import os
import re
import sys
import tempfile
import unittest

from arch_controls import lay
from documents import CHECKS, Place

PROMISES = "".join(f"| {n} | promise {n} | `Judge.AnswersZero` |\n" for n in range(1, 13))

GOOD = {
    "src/config/loader.cc": 'void f() { root.get("global"); map.string("timezone"); bounded_int(map, "partitions", 1, 2); map.not_supported("reports");\n'
                            'for (const std::string_view key : {"match", "escalate"}) map.not_supported(key); }\n',
    "src/config/areas_file.cc": 'const yaml::CsvColumns kColumns{{"code"}, {"name"}};\n',
    "src/rules/reader.cc": 'void f() { map_.get("alert"); map_.not_supported("phases"); }\n'
                           'constexpr std::array<F, 2> kFunctions = {{{"count", 1}, {"avg", {}}}};\n'
                           'constexpr std::array<I, 2> kInfixes = {{{"or", 1}, {">=", 2}}};\n',
    "src/rules/judge.h": "class Judge { int answer(); static constexpr int kRowsMax = 3; };\n",
    "src/metrics/families.cc": '{"events_total", kCounter},\n',
    "docs/configuration.md": "# Configuration\n\n| key | type | example |\n| --- | --- | --- |\n"
                             "| `global.timezone` | zone | `UTC` |\n| `global.partitions` | int | `12` |\n\n"
                             "| column | |\n| --- | --- |\n| `code`, `name` | |\n\n"
                             "## Refused: not supported yet\n\n| where | keys |\n| --- | --- |\n| top level | `reports` |\n"
                             "| `global` | `match`, `escalate` |\n",
    "docs/rules.md": "# Rules\n\n```yaml\ngroups: []\n```\n\n| key | meaning |\n| --- | --- |\n| `alert` | name |\n\n"
                     "| operator | |\n| --- | --- |\n| `or` | |\n| `>=` | |\n\n| function | |\n| --- | --- |\n| `count()` | int |\n\n"
                     "## Refused: not supported yet\n\n| where | what |\n| --- | --- |\n| rule | `phases` |\n| functions | `avg()` |\n",
    "docs/checking_rules.md": "# Checking\n\n## Checks\n\n### no-test\n\n" + "Why it matters that a rule has a test. " * 3 + "\n",
    "docs/testing_rules.md": "# Tests\n\n| key | |\n| --- | --- |\n| `tests` | |\n| `name` | |\n",
    "docs/operations.md": "# Operations\n\n## Commands\n\n| command | flag |\n| --- | --- |\n| `tocsin run` | `--clock` |\n"
                          "| | `-o`, `--output` |\n| `tocsin check config FILE` | |\n\n## What to do\n\n[Down](runbooks/Down.md)\n",
    "docs/runbooks/Down.md": "# Down\n",
    "docs/architecture.md": "# Architecture\n\n## What holds\n\n| | promise | guarded by |\n| --- | --- | --- |\n" + PROMISES +
                            "\n## Limits\n\n`Judge::kRowsMax`, `kRowsMax`, `Judge::answer`, `tocsin_events_total`.\n",
    "docs/storage_format.md": "# Storage\n\n## Keys\n\n| key | pinned by |\n| --- | --- |\n| `o` | `Judge.AnswersZero` |\n",
    "rules/campaign/late.yml": "groups:\n  - name: g\n    rules:\n      - alert: Late\n        owner: desk\n        source: \"[A] two\"\n"
                               "        phases: [two, three]\n"
                               "        annotations:\n          summary: Late.\n          summary_zh: 晚\n"
                               "          runbook_url: docs/runbooks/Late.md\n",
    "rules/tests/late.yml": "tests:\n  - transition_test: [{alertname: Late, exp_transitions: []}]\n",
    "docs/runbooks/Late.md": "# Late\n\n## What it means\n\n## For whom\n\n## What to do\n\n## Where the numbers come from\n\n"
                             "`rules/campaign/late.yml`\n",
    "docs/campaign.md": "# Campaign\n\n| rule | judged in |\n| --- | --- |\n"
                        "| [Late](runbooks/Late.md) | two, three |\n",
    "README.md": "Start with `tocsin run`.\n",
}

HELP = {
    (): "Usage: tocsin [SUBCOMMAND]\n\nOptions:\n  -h,--help                   Print this\n\nSubcommands:\n  run                         Go\n"
        "  check                       Look\n",
    ("run",): "Options:\n  -h,--help                   Print this\n  --clock TEXT:{wall,event}   Which --one\n"
              "  -o,--output TEXT            How\n",
    ("check",): "Options:\n  -h,--help                   Print this\n\nSubcommands:\n  config                      It\n",
    ("check", "config"): "Positionals:\n  files TEXT                  What\n\nOptions:\n  -h,--help                   Print this\n",
}

# (check, the file that is changed, pattern, what it becomes; part of the complaint)
BROKEN = [
    ("keys", "docs/configuration.md", r"\| `global.timezone`.*\n", "", "the key timezone of the loader is missing"),
    ("keys", "docs/configuration.md", "global.timezone", "global.timezones", "the key timezones is none of the loader"),
    ("keys", "src/config/loader.cc", "void f\\(\\) \\{", 'void f() { map.require("brokers");', "the key brokers of the loader is missing"),
    ("keys", "docs/configuration.md", ", `escalate`", "", "escalate is refused and not listed"),
    ("keys", "docs/configuration.md", "`reports`", "`reports`, `timezone`", "timezone is listed as refused and is not"),
    ("keys", "docs/configuration.md", "`code`, `name`", "`code`", "the column name"),
    ("settings", "docs/configuration.md", "`12`", "`wrong`", "global.partitions with its example is not accepted"),
    ("settings", "docs/configuration.md", r"\| `12` \|", "| |", "global.partitions has no example"),
    ("settings", "docs/configuration.md", "`reports`", "`partitions`", "partitions is not refused as said"),
    ("rules", "docs/rules.md", r"\| `alert`.*\n", "| `alarm` | |\n", "the key alarm is none of the loader"),
    ("rules", "docs/rules.md", "`phases`", "`phrases`", "phases is refused and not listed"),
    ("rules", "docs/rules.md", r"`count\(\)`", "`avg()`", "the function avg() is not built"),
    ("rules", "docs/rules.md", r"\| functions.*\n", "", "the function avg() is refused and not listed"),
    ("rules", "docs/rules.md", r"`avg\(\)`", "`avg()`, `count()`", "count() is listed as refused and is built"),
    ("rules", "src/rules/reader.cc", '"count", 1}', '"count", 1}, {"last", 1}', "the function last() is missing"),
    ("rules", "docs/rules.md", "\\| `>=`.*\n", "", "the operator >= is missing"),
    ("rules", "src/rules/reader.cc", "kFunctions", "kWords", "no table kFunctions"),
    ("lint", "docs/checking_rules.md", "no-test", "no-tests", "no paragraph about no-test"),
    ("lint", "docs/checking_rules.md", "Why.*", "Why.", "no paragraph about no-test"),
    ("lint", "docs/checking_rules.md", "$", "\n### noisy\n\nLoud.\n", "there is no check noisy"),
    ("tests", "docs/testing_rules.md", r"\| `name`.*\n", "", "the key name is missing"),
    ("tests", "docs/testing_rules.md", "`name`", "`name`, `names`", "names is no key of test files"),
    ("examples", "docs/testing_rules.md", "$", "\n```yaml\nrule_files: [../r.yml]\ntests: failing\n```\n", "the example does not load"),
    ("examples", "docs/rules.md", "groups: \\[\\]", "groups: misspelt", "the example does not load"),
    ("examples", "README.md", "$", "\n```yaml\nstorage: {wrong: 1}\n```\n", "the example does not load"),
    ("flags", "docs/operations.md", r"\| `tocsin check.*\n", "", "the command check config is missing"),
    ("flags", "docs/operations.md", "tocsin run", "tocsin walk", "there is no command walk"),
    ("flags", "docs/operations.md", "`-o`, ", "", "-o of run is missing"),
    ("flags", "docs/operations.md", "`--clock`", "`--clock`, `--watch`", "run has no flag --watch"),
    ("flags", "README.md", "tocsin run", "tocsin walk", "there is no command walk"),
    ("flags", "README.md", "$", "\n```\nbuild/release/tocsin check config --clock=wall x.yml\n```\n", "check config has no flag --clock"),
    ("names", "docs/architecture.md", "`kRowsMax`", "`kRowsMost`", "no such constant"),
    ("names", "docs/architecture.md", "Judge::answer", "Judge::reply", "no such thing"),
    ("names", "README.md", "$", "\nLook at `tocsin_events_gone_total`.\n", "there is none"),
    ("promises", "docs/architecture.md", r"\| 12 .*\n", "", "11 promises"),
    ("promises", "docs/architecture.md", r"\| 7 \| promise 7 \| `Judge.AnswersZero`", "| 7 | promise 7 | hope", "no test guards: 7"),
    ("promises", "docs/storage_format.md", "`Judge.AnswersZero`", "nobody", "no test guards: `o`"),
    ("runbooks", "docs/operations.md", r"\[Down\].*\n", "", "no link to runbooks/Down.md"),
    ("shipped", "rules/campaign/late.yml", "        owner: desk\n", "", "Late has no owner"),
    ("shipped", "rules/campaign/late.yml", "          summary_zh: 晚\n", "", "Late has no summary_zh"),
    ("shipped", "rules/campaign/late.yml", r"\[A\] ", "", "the source of Late has no grade"),
    ("shipped", "rules/campaign/late.yml", "runbooks/Late", "runbooks/Later", "does not name its runbook"),
    ("shipped", "rules/campaign/late.yml", "alert: Late", "alert: Later", "docs/runbooks/Later.md: missing"),
    ("shipped", "rules/tests/late.yml", "Late", "Early", "no test in rules/tests asks about Late"),
    ("shipped", "docs/campaign.md", "runbooks/Late", "runbooks/Down", "no link to runbooks/Late.md"),
    ("shipped", "docs/campaign.md", r"\| two, three", "| two", "does not say that Late is judged in two, three"),
    ("shipped", "docs/runbooks/Late.md", "## For whom\n\n", "", "its headings are"),
    ("shipped", "docs/runbooks/Late.md", "campaign/late", "campaign/early", "does not say that the rule is in"),
]


def program(arguments, folder):
    """What the program would say in this small project."""
    if arguments[-1] == "--help":
        return 0, HELP.get(tuple(arguments[:-1]), "")
    if arguments == ["schema", "test"]:
        return 0, '{"properties": {"tests": {}}, "definitions": {"test": {"properties": {"name": {}}}}}'
    if "--format=sarif" in arguments:
        return 0, '{"runs": [{"tool": {"driver": {"rules": [{"id": "error"}, {"id": "no-test"}]}}}]}'
    said, code = "", 0
    if arguments[0] == "test":
        arguments = ["check", *arguments]
    for name in arguments[2:]:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        if arguments[1] == "rules":
            wrong = "misspelt" in text or "avg()" in text
            said += f"{name}:1:1: levels.red: avg(): not supported yet\n" if "avg()" in text else f"{name}:1:1: ?\n" if wrong else ""
        else:
            refused = re.search(r'"(reports|match|escalate)"', text)
            wrong = refused or "wrong" in text or "failing" in text
            said += f"{name}:1:1: {refused.group(1)}: not supported yet\n" if refused else f"{name}:1:1: ?\n" if wrong else f"{name}: ok, 1 rules\n"
        code = 1 if wrong else code
    return code, said


class Controls(unittest.TestCase):
    def complaints(self, files, check):
        with tempfile.TemporaryDirectory() as folder:
            lay(folder, files)
            return CHECKS[check](Place(folder, program))

    def test_the_good_project_passes_every_check(self):
        for check in CHECKS:
            self.assertEqual(self.complaints(GOOD, check), [], check)

    def test_every_broken_project_is_found(self):
        for check, path, pattern, change, complaint in BROKEN:
            with self.subTest(check=check, path=path, complaint=complaint):
                files = dict(GOOD)
                files[path] = re.sub(pattern, lambda _, change=change: change, files[path], count=1)
                self.assertNotEqual(files[path], GOOD[path], "the control changes nothing")
                found = self.complaints(files, check)
                self.assertTrue(any(complaint in line for line in found), found)

    def test_every_check_has_a_control(self):
        self.assertEqual({row[0] for row in BROKEN}, set(CHECKS))


if __name__ == "__main__":
    sys.exit(unittest.main())
