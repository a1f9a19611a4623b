#!/usr/bin/env python3
"""Runs `tocsin demo --once` and looks at what a duty officer would see.

    demo_check.py TOCSIN campaign|spectrum
"""
import re
import subprocess
import sys
import time


def main(tocsin, scenario):
    begin = time.monotonic()
    ran = subprocess.run([tocsin, "demo", "--once", f"--scenario={scenario}", "--web.listen-address=127.0.0.1:0"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=150)
    print(f"{time.monotonic() - begin:.1f} s")
    wrong = []
    if ran.returncode != 0:
        wrong.append(f"exit code {ran.returncode}")
    red = re.findall(r"raised +red +AreaComplaintSurge +(\S+)", ran.stdout.split("\nwarnings\n")[-1])
    if "\nwarnings\n" not in ran.stdout or not red:
        wrong.append("no area was warned of in red")
    if scenario == "campaign" and "900502" not in red:
        wrong.append(f"the county whose switch fails (900502) has no red warning; these have: {red}")
    if scenario == "campaign" and "RegisteredNotReconnected" not in ran.stdout:
        wrong.append("no promise was broken")
    if scenario == "spectrum" and "CC BY 4.0" not in ran.stderr:
        wrong.append("the credit line of the data is missing")
    if re.search(r"\b1[0-9]{10}\b", ran.stdout + ran.stderr):
        wrong.append("a number is shown in plain")
    if "metrics on http://127.0.0.1:" not in ran.stderr:
        wrong.append("it does not say where its metrics are")
    if wrong:
        print("\n".join(wrong))
        print(ran.stdout[-4000:])
        print(ran.stderr[-4000:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
