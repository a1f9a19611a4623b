"""Fetches, compiles and runs the peer: peer/Peer.java, a Kafka Streams job that does a part of what the daemon does."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
PROMISE = {"daemon": "RegisteredNotReconnected", "peer": "registered_not_reconnected"}
# On a machine as small as ours the JVM chooses the serial collector by itself. Neither collectors nor the other settings were compared.
JVM = ["-XX:+UseParallelGC", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
SETTINGS = ["num.stream.threads=2", "commit.interval.ms=2000", "max.task.idle.ms=-1"]


def missing():
    """What it takes and is not there; empty: nothing."""
    return " and ".join(tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None)


def broken_promises(lines, who, until):
    """Instants, in seconds and in their order, at which promises were broken, as transitions of `who` in its output say."""
    instants = []
    for line in lines:
        said = json.loads(line)
        if said["rule"] == PROMISE[who] and said["transition"] == "opened":
            instants.append(datetime.fromisoformat(said["at"].replace("Z", "+00:00")).timestamp())
    return sorted(instant for instant in instants if instant < until)


class Peer:
    """One run after the other; what it has fetched and compiled stays in `folder`."""

    def __init__(self, broker, folder):
        self.broker, self.folder = broker, folder
        self.jars, self.classes = os.path.join(folder, "lib"), os.path.join(folder, "classes")

    def prepare(self):
        done = os.path.join(self.jars, "complete")
        if not os.path.exists(done):
            subprocess.run(["mvn", "-q", "-B", "-f", os.path.join(HERE, "peer", "pom.xml"), "dependency:copy-dependencies",
                            "-DincludeScope=runtime", f"-DoutputDirectory={self.jars}"], check=True)
            open(done, "w", encoding="ascii").close()
        subprocess.run(["javac", "-nowarn", "-cp", ":".join(glob.glob(self.jars + "/*.jar")), "-d", self.classes,
                        os.path.join(HERE, "peer", "Peer.java")], check=True)
        return self

    def run(self, application, topic, partitions, events, seconds=3600):
        """CPU seconds from start to end, bytes of memory at the peak, and the lines of its output, after so many events."""
        areas, output = f"{application}.areas", f"{application}.output"
        self.broker.create(areas, partitions)
        self.broker.create(output, partitions)
        state = os.path.join(self.folder, "state")
        shutil.rmtree(state, ignore_errors=True)
        with open(os.path.join(self.folder, "peer.log"), "wb") as log:
            process = subprocess.Popen(["java", *JVM, "-cp", f"{self.classes}:{self.jars}/*", "Peer", self.broker.bootstrap, application,
                                        topic, areas, output, state, *SETTINGS], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            self.wait(process, events, time.monotonic() + seconds)
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                peak = int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) * 1024
            process.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
            shutil.rmtree(state, ignore_errors=True)
        if process.returncode != 128 + signal.SIGTERM:
            raise RuntimeError(f"SIGTERM ended the peer with code {process.returncode}; see {self.folder}/peer.log")
        return usage.ru_utime + usage.ru_stime, peak, self.broker.read(output)

    def wait(self, process, events, end):
        """Until so many events are committed, and what they led to is counted."""
        for line in process.stdout:
            state, committed, sent, counted = line.split()
            if state == "RUNNING" and int(committed) >= events and sent == counted:
                return
            if time.monotonic() > end:
                break
        raise RuntimeError(f"the peer did not get through {events} events; see {self.folder}/peer.log")
