#!/usr/bin/env python3
"""A day in service against a real broker: what an operator relies on besides the counting.

    service.py --tocsin=BINARY --work=FOLDER direct|rekey

direct   the log over mutual TLS, keyed by customer: odd records, dead letters, the pages, lookups, reloads, metrics, systemd's
         messages, what `explain` says and a real Alertmanager silences, a quick return after kill -9 (static membership);
         every output is searched for customer numbers
rekey    the inputs through SASL PLAIN over TLS: a dead letter topic that takes little, topics of tocsin's own, an input
         topic that vanishes

With --clock=wall, as in service.
"""
import argparse
import base64
import datetime
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))

from hook import Hook  # noqa: E402
from ids import Ids, write_secret  # noqa: E402
from world import Broker, Daemon, Ended, free_port  # noqa: E402

KEY = "e2e-pseudonym-key-of-at-least-32-bytes"
HOOK_SECRET = "whsec_" + "c2VydmljZS10ZXN0LXNlY3JldC1vZi0zMi1ieXRlcyE="
MARKED = re.compile(r"1390000\d{4}")   # every customer of this test has such a number

RULES = """groups:
- name: service
  rules:
  - alert: Often
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3}
    keep_firing_for: 1d
    raises: case
    annotations: {summary: "{{ $n }} complaints", summary_zh: "{{ $n }}次投诉"}
  - alert: Many
    on: complaint
    by: [area]
    within: 1h
    measures: {people: distinct(customer)}
    levels: {orange: people >= 3}
    annotations: {summary: "{{ $people }} people", summary_zh: "{{ $people }}人"}
  - alert: StillOff
    expect: {after: registration, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s}
    raises: case
"""
NEW_RULE = """  - alert: Once
    on: complaint
    by: [customer]
    within: 30d
    measures: {n: count()}
    levels: {blue: n >= 1}
    keep_firing_for: 1d
    raises: case
"""


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, holds, claim, detail=""):
        print(f"{'ok    ' if holds else 'WRONG '} {claim}" + (f": {detail}" if detail and not holds else ""), flush=True)
        self.failed += not holds
        return holds


def wait_for(condition, seconds=40):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def ago(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(event_id, customer, seconds_ago=30, **more):
    fields = {"event": "complaint", "id": event_id, "time": ago(seconds_ago), "customer": customer, "area": "north/east", **more}
    return json.dumps({name: value for name, value in fields.items() if value is not None})


class Alertmanager:
    """A real one; None from start() where it is not installed."""

    def __init__(self, folder):
        self.url, self.process = f"http://127.0.0.1:{free_port()}", None
        self.folder = os.path.join(folder, "alertmanager")

    def start(self):
        program = shutil.which("prometheus-alertmanager")
        if not program:
            print("SKIPPED: no alertmanager (e2e.service.direct)", flush=True)
            return None
        os.makedirs(self.folder)
        path = os.path.join(self.folder, "config.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("route: {receiver: none}\nreceivers: [{name: none}]\n")
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={path}", f"--storage.path={os.path.join(self.folder, 'data')}", f"--web.listen-address={self.url[7:]}",
                 "--cluster.listen-address="], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def silence(self, **labels):
        matchers = [{"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in labels.items()]
        request = urllib.request.Request(f"{self.url}/api/v2/silences", headers={"content-type": "application/json"}, data=json.dumps({
            "matchers": matchers, "startsAt": ago(0), "endsAt": ago(-3600), "createdBy": "ann", "comment": "works at the exchange"}).encode())
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)["silenceID"]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Systemd:
    """The other end of NOTIFY_SOCKET. Reads all the time, as systemd does: ten unread messages would make the sender wait."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.said = ""
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.said += self.socket.recv(4096).decode() + "\n"

    def environment(self):
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "3000000"}

    def hears(self, word):
        return word in self.said


def configuration(work, broker, way, listener, topics, hook, more=""):
    tls = broker.script("tls").strip()
    properties = {"ssl.ca.location": f"{tls}/ca.pem"}
    secrets = ""
    if listener == "ssl":
        properties |= {"security.protocol": "ssl", "ssl.certificate.location": f"{tls}/client.pem", "ssl.key.location": f"{tls}/client.key"}
    else:
        properties |= {"security.protocol": "sasl_ssl", "sasl.mechanisms": "PLAIN", "sasl.username": "tocsin"}
        secrets = f"  secrets_file: {write_secret(os.path.join(work, 'client.secrets'), 'sasl.password=tocsin')}\n"
    rules, path = os.path.join(work, "rules.yml"), os.path.join(work, "tocsin.yml")
    with open(rules, "w", encoding="utf-8") as file:
        file.write(RULES)
    entries = "".join(f"    - {{name: {topic}, event: {{field: /event, map: {{complaint: complaint, registration: registration, reconnection: reconnection}}}}}}\n"
                      for topic in topics)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""kafka:
  brokers: ["{broker.script('bootstrap', listener).strip()}"]
  group_id: service
  intake: {way}
  partitions: 2
  output_topic: service.out
  dead_letter_topic: service.dead
  client_properties: {json.dumps(properties)}
{secrets}  topics:
{entries}rule_files: [rules.yml]
privacy: {{pseudonym_key_file: {write_secret(os.path.join(work, 'pseudonym.key'), KEY)}}}
route: {{receiver: hook}}
receivers:
  - name: hook
    webhook_configs:
      - {{url: "{hook.url}", secret_file: {write_secret(os.path.join(work, 'hook.secret'), HOOK_SECRET)}}}
{more}""")
    return path


def run(tocsin, *arguments):
    done = subprocess.run([os.path.abspath(tocsin), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90)
    return done.returncode, done.stdout, done.stderr


def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, method=method, data=body)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def caught_up(daemon, partitions):
    clocks = daemon.metrics().get("tocsin_task_clock_timestamp_seconds", {})
    return len(clocks) == partitions and all(clock > 0 for clock in clocks.values())


def odd_records():
    """(key, value) of partition 0, and the codes that those which are no events must have."""
    a, b = "13900001111", "13900002222"
    filler = "x" * (10 << 20)
    return [
        (a, event("a1", a, 300, text=f"call {a} back")), (a, event("a2", a, 200)), (a, event("a3", a, 100)),
        (a, event("a3", a, 100, area="elsewhere")),                    # a duplicate, though another field differs
        (b, event(None, b)),                                           # no id: its place in the log
        ("", event("nobody", None)),                                   # nobody's: counts in its area only
        (b, event("b-nowhere", b, area=None)),                         # no area
        (b, event("b-large", b, filler=filler)),                       # 10 MiB, of which nothing is read
        (b, event("b-2099", b).replace(ago(30)[:4], "2099", 1)),
        (b, '{"customer":"' + b + '",'),
        (b, '{"customer":"' + b + '","x":"' + "y" * 400_000),
        (b, '{"event":"complaint","customer":"' + b + '"}'),
        (b, '{"event":"nonsense","time":"' + ago(30) + '","customer":"' + b + '"}'),
        (b, '{"event":"complaint","time":"yesterday","customer":"' + b + '"}'),
        (b, " "),
    ], ["time_in_future", "json_invalid", "json_invalid", "time_missing", "kind_unknown", "time_invalid", "empty"]


def the_pages(check, daemon, tocsin, exposed, ids):
    """What is asked of the running daemon; answers with what it said, to be searched."""
    base, said = f"http://127.0.0.1:{daemon.port}", {}
    for path in ("/", "/metrics", "/-/ready", "/-/healthy", "/api/v1/cases", "/api/v1/warnings", "/api/v1/rules", "/api/v1/nonsense",
                 "/api/v1/cases/nonsense", "/api/v1/lookup", "/api/v1/lookup?id=c-nobody"):
        status, said[path] = ask(base + path)
        wanted = 404 if "no" in path.rsplit("/", 1)[-1] and "lookup" not in path else 400 if path.endswith("lookup") else 404 if "nobody" in path else 200
        check(status == wanted, f"GET {path} answers {wanted}", f"{status} {said[path][:200]}")
        if path.startswith("/api"):
            envelope = json.loads(said[path]) if said[path].startswith("{") else {"status": "no JSON"}
            check(envelope["status"] == ("success" if status == 200 else "error") and ("data" in envelope or {"errorType", "error"} <= envelope.keys()),
                  f"{path} is in Prometheus' envelope", said[path][:200])
    rules = [rule for group in json.loads(said["/api/v1/rules"])["data"]["groups"] for rule in group["rules"]]
    check(any(rule["evaluations"] > 0 and rule["open"] > 0 and rule["state"] == "firing" for rule in rules),
          "/api/v1/rules says how often rules were judged and what is open", said["/api/v1/rules"][:400])
    check("tocsin_rule_evaluations_total{" in said["/metrics"], "evaluations are counted by rule")
    check(ask(base + "/-/ready", "HEAD") == (200, ""), "HEAD is answered")
    for path, wanted in (("/metrics", 200), ("/-/ready", 200), ("/-/healthy", 200), ("/api/v1/cases", 403), ("/", 403), ("/api/v1/lookup?id=c-x&reveal=true", 403)):
        check(ask(f"http://127.0.0.1:{exposed}{path}")[0] == wanted, f"on an address others reach, {path} answers {wanted}")

    url = f"--url={base}"
    code, said["case list"], _ = run(tocsin, "case", "list", url)
    customer = ids.pseudonym("c", "13900001111")
    check(code == 0 and customer in said["case list"] and "Often" in said["case list"], "case list shows the case by its pseudonym", said["case list"])
    case = said["case list"].split()[0] if said["case list"] else "none"
    code, said["case show"], _ = run(tocsin, "case", "show", case, url)
    check(code == 0 and f"id: {case}" in said["case show"], "case show shows it", said["case show"])
    code, said["warning list"], _ = run(tocsin, "warning", "list", url)
    check(code == 0 and "Many" in said["warning list"], "warning list shows the warning of the area", said["warning list"])
    code, said["lookup"], _ = run(tocsin, "lookup", case, url)
    check(code == 0 and customer in said["lookup"], "lookup without --reveal gives the pseudonym", said["lookup"])
    for what in (case, customer):
        code, revealed, _ = run(tocsin, "lookup", what, "--reveal", url)
        check(code == 0 and "customer: 13900001111" in revealed, "lookup --reveal gives the number to call", revealed)
    check(any("component=audit" in line and customer in line for line in daemon.tail(400).splitlines()), "and the log keeps that it was asked")
    return said


def explanations(check, daemon, tocsin, config, work, ids, pager, events):
    """What `explain` says by the daemon, and the same from the events of the customer's partition; answers as the_pages()."""
    url, said = f"--url=http://127.0.0.1:{daemon.port}", {}
    path = os.path.join(work, "events.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(value + "\n" for value in events))
    history = [f"--config.file={config}", f"--events={path}", "--keyed", "-o", "json"]
    number, customer = "13900001111", ids.pseudonym("c", "13900001111")
    case, warning = ([line.split()[0] for line in run(tocsin, kind, "list", url)[1].splitlines() if name in line] for kind, name in
                     (("case", customer), ("warning", "Many")))

    code, said["explain ID"], problem = run(tocsin, "explain", case[0], url, "-o", "json")
    again = run(tocsin, "explain", case[0], *history)[1]
    told, recomputed = ((json.loads(text) if text.startswith("{") else {}) for text in (said["explain ID"], again))
    check(code == 0 and recomputed and again.strip() == said["explain ID"].split(',"remembered"')[0] + "}",
          "explain says of a case what the same events say, to the byte", f"{said['explain ID']} {problem} {again}")
    check(len(told.get("judged", [])) == 1 == len(told["transitions"]) and len(told["events"]) == 3, "with its opening and the events behind it", said["explain ID"])
    now = told["now"]["subjects"][0]
    check(now["told"] == ["webhook/hook/0"] and any(note.startswith("not silenced: ") for note in now["notes"]), "who is told of it, and that nobody silences it", str(now))

    question = ["--rule=Often", f"--customer={number}", f"--at={told['transitions'][0]['at']}"]
    _, said["explain at"], _ = run(tocsin, "explain", *question, url, "-o", "json")
    again = run(tocsin, "explain", *question, *history)[1]
    check(again.strip() == said["explain at"].split(',"remembered"')[0] + "}", "and at an instant, for a number that the answer does not hold",
          f"{said['explain at']} {again}")
    code, said["explain why not"], _ = run(tocsin, "explain", "--rule=Often", f"--customer={ids.pseudonym('c', '13900003331')}", url)
    check(code == 0 and "(1 against 3)" in said["explain why not"] and re.search("2 more events like the newest one before 20.*Z would make it yellow", said["explain why not"]),
          "why not: what is missing, and until when", said["explain why not"])
    code, _, problem = run(tocsin, "explain", "--rule=Often", "--customer=nobody", url)
    check(code == 1 and "nothing is remembered of this customer" in problem, "a customer whom nobody knows", problem)
    code, _, problem = run(tocsin, "explain", "nonsense", url)
    check(code == 1 and "--from-kafka --keyed" in problem, "an id that is not open: history is named", problem)
    code, _, problem = run(tocsin, "explain", case[0], f"--url=http://127.0.0.1:{free_port()}")
    check(code == 1 and "is the daemon running? (--url names another)" in problem, "a daemon that does not answer", problem)
    if not pager:
        return said

    explain_warning = lambda path: run(tocsin, "explain", warning[0], url, f"--config.file={path}")[1]  # noqa: E731
    check(wait_for(lambda: "\n    not silenced by Alertmanager (receiver hook)\n" in explain_warning(config)), "a warning that Alertmanager does not silence",
          explain_warning(config))
    silence = pager.silence(alertname="Many", level="orange")
    check(wait_for(lambda: f": works at the exchange (ann, {silence})" in explain_warning(config), 10), "one that it does, until when and by whom",
          explain_warning(config))
    other = os.path.join(work, "elsewhere.yml")
    with open(config, encoding="utf-8") as file, open(other, "w", encoding="utf-8") as copy:
        copy.write(file.read().replace(pager.url, f"http://127.0.0.1:{free_port()}"))
    said["explain warning"] = explain_warning(other)
    check("whether it is silenced is not known: Alertmanager (receiver hook) could not be asked: " in said["explain warning"],
          "an Alertmanager that does not answer", said["explain warning"])
    return said


def reloads(check, daemon, work, hook):
    rules = os.path.join(work, "rules.yml")
    count = lambda name: daemon.total(f"tocsin_config_{name}")  # noqa: E731
    check(ask(f"http://127.0.0.1:{daemon.port}/-/reload", "POST", b"")[0] == 403, "POST /-/reload is off by default")
    with open(rules, "a", encoding="utf-8") as file:
        file.write("  - alert: Broken\n    levls: {}\n")
    daemon.process.send_signal(signal.SIGHUP)
    check(wait_for(lambda: count("reloads_failed_total") == 1), "SIGHUP with a broken rule file is refused")
    check(count("last_reload_successful") == 0 and daemon.get("/-/ready")[0] == 200 and daemon.total("tocsin_rules_loaded") == 3,
          "the rules before it stay in force")
    check("did you mean" in daemon.tail(200) and "rules.yml:" in daemon.tail(200), "the log says file, line and remedy")
    with open(rules, "w", encoding="utf-8") as file:
        file.write(RULES.replace("alert: Many", "alert: ManyPeople") + NEW_RULE)
    daemon.process.send_signal(signal.SIGHUP)
    check(wait_for(lambda: count("last_reload_successful") == 1), "SIGHUP takes the mended file")
    check(wait_for(lambda: daemon.total("tocsin_warnings_closed_total") >= 1), "the rule that is gone closes its warning")
    found = lambda: [json.loads(body) for body in list(hook.accepted.values()) if b'"Once"' in body]  # noqa: E731
    check(wait_for(lambda: found() and not daemon.total("tocsin_rule_warming")), "a new rule is judged over what is remembered", str(found()))
    time.sleep(1)
    digest = found()[0].get("data", found()[0])
    check(len(found()) == 1 and digest.get("open", 0) >= 4 and digest.get("rule") == "Once", "its receivers hear of all it found in one digest", str(found()))
    rules = {rule["name"]: rule for group in json.loads(daemon.get("/api/v1/rules")[1])["data"]["groups"] for rule in group["rules"]}
    check(rules["Once"]["open"] == digest.get("open") and rules["Once"]["warming"] is False, "the API shows them", str(rules["Once"])[:300])
    check("incompleteUntil" in rules["Once"] and "incompleteUntil" not in rules["Often"], "and until when its window reaches before what was kept",
          str(rules["Once"].get("incompleteUntil")))


def dead_letters(check, broker, tocsin, config, codes, topic):
    code, listed, problem = run(tocsin, "dlq", "list", f"--config.file={config}", "-o", "json")
    letters = [json.loads(line) for line in listed.splitlines()]
    check(code == 0 and sorted(letter["code"] for letter in letters) == sorted(codes), "dlq list has each with its reason", listed + problem)
    check(all(re.fullmatch(rf"{topic}/\d/\d+", letter["id"]) and letter["stage"] and letter["message"] for letter in letters), "with its origin", listed)
    shown = [json.loads(run(tocsin, "dlq", "show", letter["id"], f"--config.file={config}")[1]) for letter in letters]
    check(any(MARKED.search(letter["value"] or "") for letter in shown), "dlq show has the original bytes (and the search finds numbers)")
    described = broker.script("topic", "describe", "service.dead")
    check("retention.ms=604800000" in described, "the dead letter topic is kept for 7 d", described)
    raw = broker.read("service.dead", "%h")
    check(len(raw) == len(codes), "each came once", str(len(raw)))
    own = [part for line in raw for part in line.split(",") if part.startswith("tocsin.error.")]
    return listed, shown, "\n".join(own)


def direct(options, check):
    broker = Broker(os.path.join(options.work, "broker")).start()
    hook, systemd, ids, daemon = Hook(HOOK_SECRET, 1, 0.0), Systemd(options.work), Ids(KEY.encode()), None
    pager = Alertmanager(options.work).start()
    try:
        broker.create("cs.events", 2)
        config = configuration(options.work, broker, "direct", "ssl", ["cs.events"], hook,
                               f'    alertmanager_configs: [{{url: "{pager.url}"}}]\n' if pager else "")
        daemon = Daemon(options.tocsin, config, os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"), systemd.environment())
        exposed = free_port()
        start = lambda: daemon.start("--clock=wall", "--log.level=debug", f"--web.listen-address=0.0.0.0:{exposed}")  # noqa: E731
        start().wait_ready()
        check(True, "mutual TLS: the daemon is ready")
        check(wait_for(lambda: systemd.hears("READY=1") and systemd.hears("WATCHDOG=1")), "systemd hears READY and the watchdog", systemd.said)
        check(wait_for(lambda: caught_up(daemon, 2)), "an empty topic: the clocks go")

        records, codes = odd_records()
        broker.kcat("-P", "-t", "cs.events", "-p", "0", "-K", "\t", "-X", "message.max.bytes=16000000", "-H", "from=13900001111",
                    input="".join(f"{key}\t{value}\n" for key, value in records), text=True)
        broker.produce("cs.events", 1, [(f"1390000333{i}", event(f"c{i}", f"1390000333{i}")) for i in range(3)] +
                       [("13900001111", event("a4", "13900001111"))])      # a customer in a second partition
        total = lambda name: daemon.total(f"tocsin_{name}")  # noqa: E731
        check(wait_for(lambda: total("events_processed_total") == 11), "all events count, the 10 MiB one too", str(total("events_processed_total")))
        check(wait_for(lambda: total("dead_letters_total") == len(codes)), "what is no event becomes a dead letter", str(total("dead_letters_total")))
        check(total("events_duplicate_total") == 1 and total("events_unknown_area_total") == 1, "one duplicate, one unknown area")
        check(wait_for(lambda: len(hook.accepted) >= 2), "case and warning reach the webhook", str(list(hook.accepted)))
        check(not hook.wrong, "each signed", str(hook.wrong))
        metrics = daemon.metrics()
        check(total("customers_in_two_partitions_total") == 1 and "intake: rekey" in daemon.tail(400), "a customer in two partitions is counted, the log has the remedy")
        check(wait_for(lambda: total("kafka_brokers_connected") == 1 and daemon.metrics().get("tocsin_kafka_consumer_lag", {}).values() and
                       not total("kafka_consumer_lag")), "librdkafka's numbers: one broker, lag 0 in both partitions", str(daemon.metrics().get("tocsin_kafka_consumer_lag")))
        states = daemon.metrics().get("tocsin_kafka_partition_state", {})
        check(sum(value for labels, value in states.items() if 'state="ok"' in labels) == 2 == sum(states.values()), "both partitions are ok", str(states))
        check(wait_for(lambda: total("kafka_commits_total") > 0), "offsets are committed to the group, for lag dashboards")
        check(metrics.get("tocsin_complaints_total", {}).get('area="north/east",channel=""', 0) > 5, "complaints by city", str(metrics.get("tocsin_complaints_total")))
        with open(os.path.join(options.work, "metrics"), "w", encoding="utf-8") as file:
            file.write(daemon.get("/metrics")[1])
        if shutil.which("promtool"):
            with open(os.path.join(options.work, "metrics"), encoding="utf-8") as file:
                lint = subprocess.run(["promtool", "check", "metrics"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            check(lint.returncode == 0, "promtool finds nothing in the page of a busy daemon", lint.stdout)

        said = the_pages(check, daemon, options.tocsin, exposed, ids)
        said |= explanations(check, daemon, options.tocsin, config, options.work, ids, pager, [value for key, value in records if key == "13900001111"])
        listed, _, headers = dead_letters(check, broker, options.tocsin, config, codes, "cs.events")
        reloads(check, daemon, options.work, hook)

        daemon.kill()
        begin = time.monotonic()
        start().wait_ready(40)
        check(time.monotonic() - begin < 30, "after kill -9 the static member is back before its session ends", f"{time.monotonic() - begin:.0f} s")
        code = daemon.stop()
        check(code == 0 and systemd.hears("STOPPING=1"), "SIGTERM ends it with code 0, and systemd hears of it", f"{code} {systemd.said}")

        with open(daemon.log, encoding="utf-8", errors="replace") as file:
            log = re.sub(r"^--- start.*$", "", file.read(), flags=re.MULTILINE)
        outputs = {**said, "log": log, "metrics": open(os.path.join(options.work, "metrics"), encoding="utf-8").read(),
                   "webhook": b"\n".join(hook.accepted.values()).decode(), "output topic": "\n".join(broker.read("service.out", "%k %s %h")),
                   "dlq list": listed, "dead letters' own headers": headers, "systemd": systemd.said}
        for name, text in outputs.items():
            found = MARKED.search(text)
            check(not found and text.strip() != "", f"no customer number in {name}", text[max(0, found.start() - 200):found.end() + 20] if found else "it is empty")

        broker.script("tool", "TopicCommand", "--bootstrap-server", broker.bootstrap, "--alter", "--topic", "cs.events", "--partitions", "3")
        daemon.start("--clock=wall")
        code = daemon.process.wait(60)
        check(code == 78 and "has 3 partitions, the state in" in daemon.tail(), "a log that has grown is refused with the remedy", daemon.tail())
    finally:
        if daemon and daemon.process:
            daemon.kill()
        if pager:
            pager.stop()
        hook.close()
        broker.stop()


def rekey(options, check):
    broker = Broker(os.path.join(options.work, "broker")).start()
    hook, daemon = Hook(HOOK_SECRET, 1, 0.0), None
    try:
        for topic, partitions in (("in.a", 2), ("in.b", 1)):
            broker.create(topic, partitions)
        broker.create("service.dead", 1, **{"max.message.bytes": "20000"})
        config = configuration(options.work, broker, "rekey", "sasl", ["in.a", "in.b"], hook)
        number = "13900004444"
        noise = base64.b64encode(random.Random(1).randbytes(75_000)).decode()     # the broker measures what is left after lz4
        broker.produce("in.a", 0, [("k", "{" + noise), ("k", event("d1", number))])
        broker.produce("in.a", 1, [("other", event("d2", number))])
        broker.produce("in.b", 0, [("", event("d3", number))])
        daemon = Daemon(options.tocsin, config, os.path.join(options.work, "state"), os.path.join(options.work, "tocsin.log"))
        daemon.start("--clock=wall", "--log.level=debug").wait_ready()
        check(True, "SASL PLAIN over TLS: the daemon is ready")
        total = lambda name: daemon.total(f"tocsin_{name}")  # noqa: E731
        check(wait_for(lambda: total("events_processed_total") == 3, 60), "events of foreign keys meet in one task", str(total("events_processed_total")))
        check(wait_for(lambda: total("cases_opened_total") == 1), "and open the customer's case")
        check("PartitionCount: 2" in broker.script("topic", "describe", "tocsin.events"), "tocsin made its log with the partitions asked for")
        check(wait_for(lambda: len(broker.read("service.dead", "%S")) == 1), "a dead letter that the broker found too large came all the same")
        sizes, headers = broker.read("service.dead", "%S"), "".join(broker.read("service.dead", "%h"))
        check(0 < int(sizes[0]) < 20_000 and "tocsin.error.value_bytes=100001" in headers, "cut further, its first length told", f"{sizes} {headers}")
        committed = lambda: broker.script("tool", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", broker.bootstrap,  # noqa: E731
                                          "--describe", "--group", "service-intake")
        check(wait_for(lambda: re.search(r"in\.a +0 +2 ", committed()) is not None), "it does not hold up the intake's offsets", committed())
        labels = "".join(daemon.metrics().get("tocsin_kafka_consumer_lag", {}))
        check(wait_for(lambda: all(topic in "".join(daemon.metrics().get("tocsin_kafka_consumer_lag", {})) for topic in ("in.a", "in.b", "tocsin.events"))),
              "lag of the inputs and of the log", labels)
        check(daemon.get("/-/ready") == (200, "tocsin is ready\n"), "ready, with nothing to remark", str(daemon.get("/-/ready")))

        broker.script("topic", "delete", "in.b")
        code = daemon.process.wait(90)
        check(code == 1 and "input topic in.b is gone" in daemon.tail() and "restart" in daemon.tail(), "an input topic that vanishes stops the daemon with the remedy", f"{code} {daemon.tail()}")
        daemon.start("--clock=wall")
        code = daemon.process.wait(60)
        check(code == 78 and re.search(r'in\.b\W+does not exist', daemon.tail()) is not None, "and a restart says what is missing", f"{code} {daemon.tail()}")
        with open(daemon.log, encoding="utf-8", errors="replace") as file:
            check(not MARKED.search(file.read()), "no customer number in the log")
    finally:
        if daemon and daemon.process:
            daemon.kill()
        hook.close()
        broker.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("way", choices=["direct", "rekey"])
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    check = Checks()
    try:
        {"direct": direct, "rekey": rekey}[options.way](options, check)
    except (Ended, TimeoutError, subprocess.TimeoutExpired) as problem:
        check(False, "the day went on to its end", str(problem))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
