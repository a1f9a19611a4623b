"""What surrounds the daemon in a test: a real broker, and the daemon itself as a process with a log."""
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from data import ROOT

BROKER_SCRIPT = os.path.join(ROOT, "tests", "broker", "broker")


class Broker:
    """A broker with data of its own in `home`, or the one that TOCSIN_TEST_KAFKA names when home is None."""

    def __init__(self, home=None):
        self.environment = dict(os.environ)
        if home:
            self.environment["BROKER_HOME"] = home
        self.own = home is not None

    def script(self, *arguments):
        return subprocess.run([BROKER_SCRIPT, *arguments], env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def start(self):
        given = os.environ.get("TOCSIN_TEST_KAFKA")
        self.bootstrap = given if given and not self.own else self.script("start").strip()
        return self

    def answers(self):
        return subprocess.run([BROKER_SCRIPT, "status"], env=self.environment, stdout=subprocess.DEVNULL).returncode == 0

    def kill(self):
        self.script("kill")

    def restart(self):
        self.script("restart")

    def restart_within(self, seconds):
        """Does not wait any longer, but lets it go on; restart() then waits for it."""
        starting = subprocess.Popen([BROKER_SCRIPT, "restart"], env=self.environment, stdout=subprocess.DEVNULL)
        try:
            starting.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def stop(self):
        if self.own:
            self.script("stop")

    def wipe(self):
        self.script("wipe")

    def create(self, topic, partitions, **settings):
        self.script("topic", "create", topic, str(partitions), *(f"{k}={v}" for k, v in settings.items()))

    def kcat(self, *arguments, **options):
        return subprocess.run(["kcat", "-b", self.bootstrap, "-q", "-X", "topic.metadata.refresh.interval.ms=1000", *arguments],
                              check=True, **options)

    def produce(self, topic, partition, records, batch=10_000):
        """Writes (key, value) records in order, at most `batch` of them in one piece; an empty key is no key."""
        lines = "".join(f"{key}\t{value}\n" for key, value in records)
        self.kcat("-P", "-t", topic, "-p", str(partition), "-K", "\t", "-Z", "-z", "lz4", "-X", "acks=all",
                  "-X", "enable.idempotence=true", "-X", "linger.ms=50", "-X", f"batch.num.messages={batch}", input=lines, text=True, encoding="utf-8")

    def ends(self, topic, partitions):
        """{partition: offset after the last record}."""
        wanted = [argument for p in range(partitions) for argument in ("-t", f"{topic}:{p}:-1")]
        said = self.kcat("-Q", *wanted, stdout=subprocess.PIPE, text=True).stdout
        return {int(p): int(offset) for p, offset in re.findall(r"\[(\d+)\] offset (-?\d+)", said)}

    def read(self, topic, form="%s"):
        """All records there are now, each as one line of this kcat format."""
        said = self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-f", form + "\n", stdout=subprocess.PIPE).stdout
        return said.decode("utf-8", errors="replace").splitlines()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Ended(Exception):
    """The daemon ended by itself."""


class Daemon:
    """`tocsin run` on one configuration and one state directory; may be started again and again."""

    def __init__(self, binary, config, state, log, environment=None):
        self.binary, self.config, self.state, self.log = os.path.abspath(binary), config, state, log
        self.environment = {**os.environ, **(environment or {})}
        self.process, self.port = None, None

    def start(self, *arguments):
        """With --clock=event unless a --clock is among the further arguments."""
        self.port = free_port()
        if not any(argument.startswith("--clock=") for argument in arguments):
            arguments = ("--clock=event", *arguments)
        with open(self.log, "ab") as log:
            log.write(f"--- start, port {self.port}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                [self.binary, "run", f"--config.file={self.config}", f"--storage.path={self.state}", *arguments,
                 f"--web.listen-address=127.0.0.1:{self.port}", *([] if any(a.startswith("--log.level=") for a in arguments) else ["--log.level=info"])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        return self

    def check_alive(self):
        if self.process.poll() is not None:
            raise Ended(f"the daemon ended with code {self.process.returncode}; the end of {self.log}:\n{self.tail()}")

    def tail(self, lines=15):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    def get(self, path, timeout=5):
        """(status, text); (0, "") if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, ""

    def metrics(self):
        """{name: {labels as written: value}}; empty if the daemon does not answer."""
        found = {}
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", self.get("/metrics")[1], re.MULTILINE):
            found.setdefault(name, {})[labels] = float(value)
        return found

    def total(self, name):
        """The sum of a metric over its labels; 0 if there is none."""
        return sum(self.metrics().get(name, {}).values())

    def wait_ready(self, seconds=60):
        said = ""
        for _ in range(int(seconds * 20)):
            self.check_alive()
            status, said = self.get("/-/ready")
            if status == 200:
                return self
            time.sleep(0.05)
        raise TimeoutError(f"not ready after {seconds} s: {said.strip()}; the end of {self.log}:\n{self.tail()}")

    def kill(self):
        """kill -9."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self, seconds=60):
        """SIGTERM; answers the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"no end {seconds} s after SIGTERM; the end of {self.log}:\n{self.tail()}") from None

    def settle(self, progress, quiet=5, seconds=300):
        """Waits until `progress` (a function of no arguments) has answered the same for `quiet` seconds while ready, with
        nothing undelivered; the daemon has then taken the end of its input for the end (2 s at every high watermark)."""
        before, since, end = None, time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_alive()
            metrics = self.metrics()
            waiting = sum(metrics.get("tocsin_notification_queue_length", {}).values())
            consumed = sum(metrics.get("tocsin_events_consumed_total", {}).values())
            now = (consumed, waiting, progress())
            if now != before or waiting or not metrics or self.get("/-/ready")[0] != 200:
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= quiet:
                return
            time.sleep(0.2)
        raise TimeoutError(f"not at rest after {seconds} s: {before}; the end of {self.log}:\n{self.tail()}")

    def dump(self, *kinds):
        """The rows of `state dump`, {kind: [row]}; the daemon must not be running."""
        said = subprocess.run([self.binary, "state", "dump", f"--storage.path={self.state}", f"--kinds={','.join(kinds)}"],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment).stdout
        rows = {kind: [] for kind in kinds}
        for line in said.decode().splitlines():
            for kind, row in json.loads(line).items():
                rows.setdefault(kind, []).append(row)
        return rows
