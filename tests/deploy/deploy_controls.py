#!/usr/bin/env python3
"""Negative controls of deploy.py: what is shipped, with one thing broken, which must be found."""
import os
import shutil
import tempfile
import unittest

from deploy import ALERTS, CHECKS, Place, Skip, expression_of, unknown_names

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BOARD, UNIT, CONTAINER = "deploy/grafana/tocsin-overview.json", "deploy/systemd/tocsin.service", "deploy/container/Containerfile"
ALERTMANAGER, DOWN = "deploy/alertmanager/alertmanager.yml", "docs/runbooks/TocsinDown.md"

# (check, file, what is replaced there, by what; None: the file is deleted, part of the complaint)
BROKEN = [
    ("alerts", ALERTS, 'up{job="tocsin"} == 0', 'up{job="tocsin" == 0', "tocsin.alerts.yml"),
    ("alerts", ALERTS, "for: 2m", "for: 20m", "exp"),
    ("alerts", ALERTS, "- alert: TocsinDown", "- alert: TocsinGone", "no test sees TocsinGone fire"),
    ("alerts", ALERTS, "labels: {severity: critical}", "labels: {severity: loud}", "no severity of"),
    ("alerts", ALERTS, "          summary: \"Tocsin is down", "          header: \"Tocsin is down", "has no summary"),
    ("alerts", "deploy/prometheus/tocsin.alerts.test.yml", "alertname: TocsinDown, exp_alerts: []", "alertname: TocsinDwn, exp_alerts: []", "silent"),
    ("queries", ALERTS, "tocsin_ready == 0", "tocsin_reddy == 0", "there is no metric tocsin_reddy"),
    ("queries", BOARD, "sum by (level) (tocsin_warnings_active", "sum by (colour) (tocsin_warnings_active", "no metric has the label colour"),
    ("queries", BOARD, "tocsin_state_size_bytes{", "tocsin_state_size_bytes{topic=\\\"x\\\",", "has no label topic"),
    ("queries", BOARD, "histogram_quantile(0.95, ", "histogram_quantile(0.95 ", "is no PromQL"),
    ("queries", "docs/metrics.md", "| `tocsin_ready`", "| `tocsin_fit`", "there is no metric tocsin_ready"),
    ("runbooks", DOWN, "## Impact", "## Impacts", "its headings are"),
    ("runbooks", DOWN, "`/metrics`", "`tocsin_upness`", "there is no metric tocsin_upness"),
    ("runbooks", DOWN, "", None, "missing"),
    ("runbooks", ALERTS, "runbooks/TocsinDown.md", "runbooks/Down.md", "does not name its runbook"),
    ("runbooks", ALERTS, "- alert: TocsinDown", "- alert: TocsinGone", "TocsinDown.md: there is no such alert"),
    ("dashboard", BOARD, '"id": null', '"id": 7', "needs id null"),
    ("dashboard", BOARD, '"uid": "${datasource}"', '"uid": "${DS_PROMETHEUS}"', "No data"),
    ("dashboard", BOARD, '"uid": "${datasource}"', '"uid": "abc"', "names the data source abc"),
    ("dashboard", BOARD, '"x": 8,', '"x": 7,', "overlap"),
    ("alertmanager", ALERTMANAGER, "receiver: duty", "receiver: night", "alertmanager.yml"),
    ("alertmanager", ALERTMANAGER, 'orange|yellow|blue"', 'orange|yellow"', "does not mute"),
    ("alertmanager", ALERTMANAGER, """matchers: ['level="red"']""", """matchers: ['level="rot"']""", "goes to"),
    ("unit", UNIT, "RestartPreventExitStatus=78\n", "", "RestartPreventExitStatus=78 is missing"),
    ("unit", UNIT, "Type=notify\n", "Type=notifying\n", "Type=notify is missing"),
    ("unit", UNIT, "WatchdogSec=30\n", "WatchdogSec=30\nWatchdgSec=3\n", "WatchdgSec"),
    ("unit", UNIT, "CapabilityBoundingSet=\n", "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_NET_ADMIN\nProtectProc=default\nPrivateUsers=no\n", "exposed"),
    ("container", CONTAINER, "USER 65532:65532\n", "", "nobody's number"),
    ("container", CONTAINER, "COPY rules rules", "COPY ruls rules", "copies ruls"),
    ("numbers", "docs/metrics.md", "| `tocsin_ready`", "| `tocsin_readiness`", "nothing in src/ ever writes tocsin_readiness"),
]


class Controls(unittest.TestCase):
    def run_broken(self, check, path, old, new):
        with tempfile.TemporaryDirectory() as root:
            for folder in ("deploy", "docs", "src"):
                shutil.copytree(os.path.join(ROOT, folder), os.path.join(root, folder))
            for name in ("cmake", "include", "rules", "CMakeLists.txt", "CMakePresets.json", "dev"):
                os.symlink(os.path.abspath(os.path.join(ROOT, name)), os.path.join(root, name))
            place = Place(root, "/nowhere/tocsin")
            if new is None:
                os.remove(place.path(path))
            else:
                text = place.text(path)
                self.assertIn(old, text, f"{path} has changed: break something else in it")
                with open(place.path(path), "w", encoding="utf-8") as file:
                    file.write(text.replace(old, new, 1))
            return CHECKS[check](place)

    def test_what_is_broken_is_found(self):
        for check, path, old, new, part in BROKEN:
            with self.subTest(check=check, old=old, new=new):
                try:
                    complaints = self.run_broken(check, path, old, new)
                except Skip as program:
                    print(f"SKIPPED: no {program} (deploy.controls)")
                    continue
                self.assertTrue(any(part in complaint for complaint in complaints), f"wanted {part!r} in {complaints}")

    def test_an_expression_is_read_in_both_spellings(self):
        self.assertEqual(expression_of("\n        expr: a > 1\n        for: 2m\n"), "a > 1")
        self.assertEqual(expression_of("\n        expr: >-\n          a\n          / b\n        for: 2m\n"), "a / b")
        self.assertEqual(expression_of("\n        for: 2m\n"), "")

    def test_strings_are_no_metrics(self):
        self.assertEqual(list(unknown_names('up{job="tocsin_none"}', {"tocsin_x": set()})), [])


if __name__ == "__main__":
    unittest.main()
