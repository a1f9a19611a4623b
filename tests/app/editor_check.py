#!/usr/bin/env python3
"""What an author sees in an editor: unknown keys are flagged and colours are completed, by yaml-language-server.

    editor_check.py TOCSIN SERVER...     the first SERVER that is there; exit code 77, and a line that says so, if none is
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

RULE = """groups:
- name: g
  rules:
  - alert: R
    on: complaint
    by: [customer]
    witin: 7d
    levels:
      red: count() >= 3
      """
SKIPPED = 77


class Server:
    """A language server on a pipe: requests are answered in order, notices are kept."""

    def __init__(self, command, settings):
        self.process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.settings, self.number = settings, 0
        self.messages, self.arrived = [], threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def listen(self):
        while True:
            length = 0
            while (line := self.process.stdout.readline().strip()):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                return
            message = json.loads(self.process.stdout.read(length))
            if message.get("method") == "workspace/configuration":
                asked = message["params"]["items"]
                self.send(id=message["id"], result=[self.settings.get(item.get("section", "")) for item in asked])
            elif "method" in message and "id" in message:
                self.send(id=message["id"], result=None)
            with self.arrived:
                self.messages.append(message)
                self.arrived.notify_all()

    def wait(self, fits):
        with self.arrived:
            found = lambda: next((m for m in self.messages if fits(m)), None)
            if not self.arrived.wait_for(lambda: found() is not None, timeout=60):
                raise TimeoutError("yaml-language-server does not answer")
            return found()

    def ask(self, method, **params):
        self.number += 1
        number = self.number
        self.send(id=number, method=method, params=params)
        return self.wait(lambda m: m.get("id") == number and "method" not in m)["result"]


def check(tocsin, command, folder):
    schema = os.path.join(folder, "rules.schema.json")
    with open(schema, "wb") as file:
        file.write(subprocess.run([tocsin, "schema", "rules"], stdout=subprocess.PIPE, check=True, timeout=60).stdout)
    yaml = {"schemas": {f"file://{schema}": "*.yml"}, "validate": True, "completion": True,
            "schemaStore": {"enable": False}}
    server = Server(command, {"yaml": yaml})
    try:
        server.ask("initialize", processId=os.getpid(), rootUri=f"file://{folder}",
                   capabilities={"workspace": {"configuration": True}, "textDocument": {"completion": {}}})
        server.send(method="initialized", params={})
        server.send(method="workspace/didChangeConfiguration", params={"settings": {"yaml": yaml}})
        uri = f"file://{folder}/r.yml"
        server.send(method="textDocument/didOpen",
                    params={"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": RULE}})
        told = server.wait(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["diagnostics"])
        lines = RULE.split("\n")
        items = server.ask("textDocument/completion", textDocument={"uri": uri},
                           position={"line": len(lines) - 1, "character": len(lines[-1])})
    finally:
        server.process.kill()
        server.process.wait()
    flagged = [(d["range"]["start"]["line"], d["message"]) for d in told["params"]["diagnostics"]]
    offered = {item["label"] for item in (items["items"] if isinstance(items, dict) else items)}
    wrong = []
    if not any(line == 6 and "witin" in message for line, message in flagged):
        wrong.append(f"`witin` is not flagged: {flagged}")
    if not {"blue", "yellow", "orange"} <= offered or "red" in offered:
        wrong.append(f"below `levels` the other colours are not offered: {sorted(offered)}")
    return wrong


def main(tocsin, *servers):
    command = next(filter(None, map(shutil.which, servers)), None)
    if command is None:
        print("SKIPPED: there is no yaml-language-server; ./dev deps fetches it where there is npm and a way to its registry")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        wrong = check(tocsin, command, folder)
    print("\n".join(wrong) or "unknown keys are flagged, colours are completed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
