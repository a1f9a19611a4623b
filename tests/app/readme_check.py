#!/usr/bin/env python3
"""Types what README.md's five minutes tell a newcomer to type (but ./dev), and looks whether it says what it should.

    readme_check.py TOCSIN README.md
"""
import os
import re
import subprocess
import sys
import tempfile


def commands(text):
    """The lines of the tour up to the one that needs a Kafka, without ./dev."""
    tour = re.search(r"## Five minutes\n(.*?)\n## ", text, re.S).group(1).split("Against a Kafka")[0]
    lines = "".join(re.findall(r"```\n(.*?)```", tour, re.S)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("./dev") and " demo " not in line)


def main(tocsin, readme):
    with open(readme, encoding="utf-8") as file:
        script = commands(file.read()).replace("build/release/tocsin", os.path.abspath(tocsin))
    root = os.path.dirname(os.path.abspath(readme))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("deploy", "rules"):
            os.symlink(os.path.join(root, name), os.path.join(folder, name))
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=60)
    wrong = [] if ran.returncode == 0 else [f"exit code {ran.returncode}"]
    if script.count("/tocsin ") < 2:
        wrong.append("the README runs nothing any more")
    for wanted in ("deploy/tocsin.yml: ok, ", "HighFrequencyComplainant"):
        if wanted not in ran.stdout:
            wrong.append(f"missing: {wanted}")
    if " 0 unreadable" not in ran.stderr:
        wrong.append("the README's own events cannot be read")
    if wrong:
        print("\n".join(wrong) + f"\n{ran.stdout}\n{ran.stderr}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
