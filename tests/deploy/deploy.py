#!/usr/bin/env python3
"""Holds what deploy/ promises. Each check reads a tree and answers with complaints; what it needs other programs for, it
tries with those programs.

    deploy.py [--root=FOLDER] [--tocsin=BINARY] [CHECK ...]       no CHECK: all of them; exit code 1 if anything was found

    alerts         promtool takes the rules, their tests pass, and each alert has a test that sees it fire
    queries        every expression of alerts and dashboards is PromQL, of metrics and labels that docs/metrics.md lists
    runbooks       one for each alert, with its four headings; none without an alert or a shipped rule
    dashboard      loads anywhere: fixed uid, no id, no inputs, every data source a variable, nothing overlaps
    alertmanager   amtool takes the example, red mutes the other colours, and warnings go where they should
    unit           systemd takes the unit, its options are there, and its exposure is at most 1.5 of 10
    container      not root, and it installs every library the binary needs
    hardening      the release binary has what a distribution expects of a daemon
    configuration  `tocsin check config` takes the example
    numbers        each metric of docs/metrics.md is written somewhere in src/
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
SEVERITIES = {"critical", "warning", "info"}
EXPOSURE_MAX = 15  # systemd-analyze counts in tenths

# What the unit must say. The reasons are in the unit.
UNIT_OPTIONS = """
Type=notify WatchdogSec=30 RestartPreventExitStatus=78 Restart=on-failure TimeoutStopSec=30 ExecReload=/bin/kill -HUP $MAINPID
DynamicUser=yes StateDirectory=tocsin StateDirectoryMode=0700 UMask=0077 NoNewPrivileges=yes CapabilityBoundingSet=
ProtectSystem=strict ProtectHome=yes PrivateTmp=yes PrivateDevices=yes ProtectKernelLogs=yes ProtectKernelModules=yes
ProtectKernelTunables=yes ProtectControlGroups=yes ProtectClock=yes RestrictNamespaces=yes LockPersonality=yes
MemoryDenyWriteExecute=yes RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX SystemCallFilter=@system-service
SystemCallArchitectures=native LimitCORE=0
"""


class Skip(Exception):
    """A program this check needs is not installed."""


class Place:
    def __init__(self, root, tocsin):
        self.root, self.tocsin = root, tocsin

    def path(self, name):
        return os.path.join(self.root, name)

    def text(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def matching(self, pattern):
        return sorted(os.path.relpath(p, self.root) for p in glob.glob(self.path(pattern)))


def said_by(*command):
    """(exit code, everything it said). Skips the check if the program is not there."""
    if shutil.which(command[0]) is None:
        raise Skip(os.path.basename(command[0]))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def refused(what, *command):
    code, text = said_by(*command)
    return [] if code == 0 else [f"{what}: {text.strip()}"]


ALERTS = "deploy/prometheus/tocsin.alerts.yml"


def alerts_of(place):
    """{name: its lines} of the shipped rules."""
    parts = re.split(r"^ *- alert: *(\w+) *$", place.text(ALERTS), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expression_of(alert):
    """The expression on its own line, or folded (`>-`) over the more deeply indented ones below."""
    one = re.search(r"^( *)expr: (?!>)(.+)$", alert, re.MULTILINE)
    if one:
        return one.group(2).strip()
    folded = re.search(r"^( *)expr: >-\n((?:\1 .*\n)+)", alert, re.MULTILINE)
    return " ".join(folded.group(2).split()) if folded else ""


def check_alerts(place):
    complaints = refused(ALERTS, "promtool", "check", "rules", place.path(ALERTS))
    tests = place.matching("deploy/prometheus/*.test.yml")
    tested = "".join(place.text(test) for test in tests)
    for test in tests:
        complaints += refused(test, "promtool", "test", "rules", place.path(test))
    for name, body in alerts_of(place).items():
        if not re.search(rf"alertname: {name}\n *exp_alerts:\n", tested):
            complaints.append(f"{ALERTS}: no test sees {name} fire")
        if not re.search(rf"alertname: {name}, exp_alerts: \[\]", tested):
            complaints.append(f"{ALERTS}: no test sees {name} silent")
        severity = re.search(r"severity: (\w+)", body)
        if not severity or severity.group(1) not in SEVERITIES:
            complaints.append(f"{ALERTS}: {name} has no severity of {', '.join(sorted(SEVERITIES))}")
        for annotation in ("summary", "description"):
            if not re.search(rf"^ *{annotation}: ", body, re.MULTILINE):
                complaints.append(f"{ALERTS}: {name} has no {annotation}")
    return complaints


def metrics_of(place):
    """{name: labels} of docs/metrics.md; a histogram also by the three names it is queried by."""
    metrics = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", place.text("docs/metrics.md"), re.MULTILINE):
        own = set(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            metrics.update({name + "_bucket": own | {"le"}, name + "_sum": own, name + "_count": own})
        metrics[name] = own
    return metrics


def dashboard_expressions(board):
    """(where, expression), variables replaced by what selects everything."""
    found = [(f"panel {panel['title']}", target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]
    found += [(f"annotation {a['name']}", a["expr"]) for a in board.get("annotations", {}).get("list", []) if "expr" in a]
    return [(where, expr.replace("$instance", ".+").replace("$__rate_interval", "5m")) for where, expr in found]


def expressions(place):
    found = [(f"{ALERTS}: {name}", expression_of(body)) for name, body in alerts_of(place).items()]
    for path in place.matching("deploy/grafana/*.json"):
        found += [(f"{path}: {where}", expr) for where, expr in dashboard_expressions(json.loads(place.text(path)))]
    return found


def unknown_names(expression, metrics):
    """Metrics that are not listed, and labels that the metric they select on has not got."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for name, selectors in re.findall(r"\b((?:tocsin|process)_\w+)\s*(\{[^}]*\})?", bare):
        if name not in metrics:
            yield f"there is no metric {name} in docs/metrics.md"
            continue
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selectors):
            if label not in metrics[name] | {"job", "instance"}:
                yield f"{name} has no label {label}"
    known = set().union(*metrics.values()) | {"job", "instance", "le"}
    for grouped in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", bare):
        for label in re.findall(r"\w+", grouped):
            if label not in known:
                yield f"no metric has the label {label}"


def check_queries(place):
    complaints, metrics, rules = [], metrics_of(place), []
    for number, (where, expression) in enumerate(expressions(place)):
        if not expression:
            complaints.append(f"{where}: no expression")
            continue
        complaints += [f"{where}: {problem}" for problem in unknown_names(expression, metrics)]
        rules.append({"record": f"query:{number}", "expr": expression, "labels": {"where": where}})
    # JSON is YAML. Each in a group of its own, so that equal ones are no duplicates.
    groups = {"groups": [{"name": str(i), "rules": [rule]} for i, rule in enumerate(rules)]}
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump(groups, file)
        file.flush()
        complaints += refused("an expression is no PromQL", "promtool", "check", "rules", file.name)
    return complaints


def check_runbooks(place):
    complaints, alerts = [], alerts_of(place)
    for name, body in alerts.items():
        page = f"docs/runbooks/{name}.md"
        if not re.search(rf"^ *runbook_url: {re.escape(page)}$", body, re.MULTILINE):
            complaints.append(f"{ALERTS}: {name} does not name its runbook {page}")
        if not os.path.exists(place.path(page)):
            complaints.append(f"{page}: missing")
            continue
        text = place.text(page)
        if re.findall(r"^## (.*)$", text, re.MULTILINE) != HEADINGS or not text.startswith(f"# {name}\n"):
            complaints.append(f"{page}: its headings are {name}, then {', '.join(HEADINGS)}")
        for heading, content in re.findall(r"^## (.*)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE):
            if len(content.strip()) < 20:
                complaints.append(f"{page}: says nothing under {heading}")
        for metric in re.findall(r"`(tocsin_\w+)", text):
            if metric not in metrics_of(place):
                complaints.append(f"{page}: there is no metric {metric} in docs/metrics.md")
    of_rules = {name for path in place.matching("rules/*.yml") + place.matching("rules/campaign/*.yml")
                for name in re.findall(r"^ *(?:- )?alert: (\w+)$", place.text(path), re.MULTILINE)}
    for page in place.matching("docs/runbooks/*.md"):
        if os.path.basename(page)[:-3] not in {*alerts, *of_rules}:
            complaints.append(f"{page}: there is no such alert")
    return complaints


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def check_dashboard(place):
    complaints = []
    for path in place.matching("deploy/grafana/*.json"):
        text = place.text(path)
        board = json.loads(text)
        if board.get("id", 0) is not None or not board.get("uid"):
            complaints.append(f"{path}: needs id null and a uid of its own")
        if "__inputs" in text or "${DS_" in text:
            complaints.append(f"{path}: inputs are not asked for when a dashboard is provisioned: panels would say No data")
        if not any(v["type"] == "datasource" and v["name"] == "datasource" for v in board["templating"]["list"]):
            complaints.append(f"{path}: has no variable `datasource`")
        for uid in re.findall(r'"datasource": \{[^}]*"uid": "([^"]*)"', text):
            if uid != "${datasource}":
                complaints.append(f"{path}: names the data source {uid}")
        panels = board["panels"]
        if len({panel["id"] for panel in panels}) != len(panels):
            complaints.append(f"{path}: two panels have one id")
        for i, panel in enumerate(panels):
            if panel["type"] != "row" and not panel.get("description"):
                complaints.append(f"{path}: panel {panel['title']} has no description")
            complaints += [f"{path}: panels {panel['title']} and {other['title']} overlap"
                           for other in panels[i + 1:] if overlap(panel["gridPos"], other["gridPos"])]
    return complaints


def check_alertmanager(place):
    path = "deploy/alertmanager/alertmanager.yml"
    complaints = refused(path, "amtool", "check-config", place.path(path))
    if not re.search(r"""source_matchers: \['level="red"'\]\s+target_matchers: \['level=~"orange\|yellow\|blue"'\]\s+equal: \[alertname, area\]""",
                     place.text(path)):
        complaints.append(f"{path}: red does not mute orange, yellow and blue of the same rule and area")
    for labels, receiver in ((("alertname=AreaComplaintSurge", "level=red"), "pager"),
                             (("alertname=AreaComplaintSurge", "level=blue"), "duty"),
                             (("alertname=TocsinDown", "severity=critical"), "operators")):
        code, text = said_by("amtool", "config", "routes", "test", "--config.file=" + place.path(path), *labels)
        if code != 0 or text.split()[-1:] != [receiver]:
            complaints.append(f"{path}: {' '.join(labels)} goes to {text.strip()}, not to {receiver}")
    return complaints


def check_unit(place):
    path = "deploy/systemd/tocsin.service"
    text = place.text(path)
    lines = text.splitlines()
    wanted = re.split(r"[ \n](?=[A-Z]\w*=)", UNIT_OPTIONS.strip())
    complaints = [f"{path}: {option} is missing" for option in wanted if option.strip() not in lines]
    if "run --config.file=/etc/tocsin/tocsin.yml" not in text:
        complaints.append(f"{path}: does not run with /etc/tocsin/tocsin.yml, which everything else names")
    with tempfile.TemporaryDirectory() as folder:
        unit = os.path.join(folder, "tocsin.service")
        with open(unit, "w", encoding="utf-8") as file:
            # systemd looks whether the binary is there; here any will do.
            file.write(text.replace("/usr/bin/tocsin", place.tocsin if os.path.exists(place.tocsin) else "/bin/true"))
        code, said = said_by("systemd-analyze", "verify", unit)
        if code != 0 or said.strip():
            complaints.append(f"{path}: {said.strip()}")
        code, said = said_by("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX}", unit)
        level = re.search(r"Overall exposure level for .*", said)
        print(level.group() if level else said)
        if code != 0:
            complaints.append(f"{path}: more than {EXPOSURE_MAX / 10} of 10 exposed")
    return complaints


def check_container(place):
    path = "deploy/container/Containerfile"
    text = place.text(path)
    last = text[text.rindex("\nFROM "):]
    complaints = []
    if not re.search(r"^USER 65532:65532$", last, re.MULTILINE):
        complaints.append(f"{path}: does not run as 65532, nobody's number")
    for source in re.findall(r"^COPY (?!--from)((?:\S+ )+)\S+$", text, re.MULTILINE):
        complaints += [f"{path}: copies {name}, and there is no such thing" for name in source.split() if not os.path.exists(place.path(name))]
    installed = set(re.findall(r"\b(?:lib[\w.+-]+|zlib1g)\b", last))
    if os.path.exists(place.tocsin) and "12" in open("/etc/debian_version", encoding="utf-8").read():
        needed = subprocess.run(["objdump", "-p", place.tocsin], stdout=subprocess.PIPE, text=True, check=True).stdout
        _, loaded = said_by("ldd", place.tocsin)
        for name in re.findall(r"NEEDED +(\S+)", needed):
            where = re.search(rf"{re.escape(name)} => (\S+)", loaded)
            file = os.path.realpath(where.group(1)) if where else name
            # Files that came before /lib was merged into /usr/lib are known by their old names.
            owners = [said_by("dpkg", "-S", path) for path in (file, re.sub("^/usr", "", file))]
            package = next((text.split(":")[0] for code, text in owners if code == 0), name)
            if package not in installed | {"libc6", "libgcc-s1"}:
                complaints.append(f"{path}: does not install {package}, which has {name}")
    return complaints


# What readelf shows of the binary, and what is missing if it does not.
HARDENING = [("-h", r"Type: +DYN", "not position independent (-pie)"), ("-d", r"\bNOW\b", "symbols are bound lazily (-z now)"),
             ("-l", r"GNU_RELRO", "its tables stay writable (-z relro)"), ("-l", r"GNU_STACK[^\n]* RW ", "its stack is executable"),
             ("-s", r"__stack_chk_fail", "no stack protector"), ("-s", r"__(?:memcpy|snprintf|printf|fprintf)_chk", "not fortified"),
             ("-d", r"NEEDED.*libtcmalloc_minimal", "tcmalloc is not linked")]


def check_hardening(place):
    if not os.path.exists(place.tocsin) or "/release/" not in place.tocsin:
        raise Skip("built release tocsin")
    shown = {flag: said_by("readelf", "-W", flag, place.tocsin)[1] for flag in sorted({flag for flag, _, _ in HARDENING})}
    return [f"{place.tocsin}: {missing}" for flag, pattern, missing in HARDENING if not re.search(pattern, shown[flag])]


def check_configuration(place):
    if not os.path.exists(place.tocsin):
        raise Skip("built tocsin")
    return [complaint for name in ("tocsin", "campaign")
            for complaint in refused(f"deploy/{name}.yml", place.tocsin, "check", "config", place.path(f"deploy/{name}.yml"))]


def check_numbers(place):
    sources = "".join(place.text(path) for path in place.matching("src/*/*.cc") if not path.startswith("src/metrics/families"))
    names = re.findall(r"^\| `(\w+)` ", place.text("docs/metrics.md"), re.MULTILINE)
    return [f"docs/metrics.md: nothing in src/ ever writes {name}" for name in names
            if f'"{name[len("tocsin_"):] if name.startswith("tocsin_") else name}"' not in sources]


CHECKS = {"alerts": check_alerts, "queries": check_queries, "runbooks": check_runbooks, "dashboard": check_dashboard,
          "alertmanager": check_alertmanager, "unit": check_unit, "container": check_container, "hardening": check_hardening,
          "configuration": check_configuration, "numbers": check_numbers}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--tocsin", default="build/release/tocsin")
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    unknown = set(options.checks) - set(CHECKS)
    if unknown:
        parser.error(f"unknown check {', '.join(sorted(unknown))}: there are {', '.join(CHECKS)}")
    place, complaints = Place(os.path.normpath(options.root), os.path.abspath(options.tocsin)), []
    for name in options.checks or CHECKS:
        try:
            complaints += [f"{name}: {complaint}" for complaint in CHECKS[name](place)]
        except Skip as program:
            print(f"SKIPPED: no {program} (deploy.{name})")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
