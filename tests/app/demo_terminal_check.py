#!/usr/bin/env python3
"""Watches `tocsin demo` as somebody at a terminal of 80 by 24 would, and leaves it by Ctrl-C.

    demo_terminal_check.py TOCSIN
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

COLUMNS, ROWS = 80, 24


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def read_until(terminal, wanted, seconds):
    """What came, until it fits the pattern or the time is over."""
    seen, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not re.search(wanted, seen.decode(errors="replace")):
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 1 << 16)
            except OSError:
                break
    return seen.decode(errors="replace")


def main(tocsin):
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        demo = subprocess.Popen([tocsin, "demo", "--web.listen-address=127.0.0.1:0"], stdin=theirs, stdout=theirs, stderr=theirs,
                                env=os.environ | {"TMPDIR": folder, "NO_COLOR": "1"}, start_new_session=True,
                                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        begin = time.monotonic()
        shown = read_until(terminal, r"opened +\w+ +HighFrequencyComplainant [^\n]*c-", 90)
        print(f"the first case after {time.monotonic() - begin:.1f} s")
        os.write(terminal, b"\x03")
        shown += read_until(terminal, r"$^", 1)
        try:
            code = demo.wait(timeout=30)
        except subprocess.TimeoutExpired:
            demo.kill()
            code = "it does not leave"
        if code != 0:
            wrong.append(f"after Ctrl-C: {code}")
        if os.listdir(folder):
            wrong.append(f"left behind: {os.listdir(folder)}")
    boards = shown.split("\x1b[H\x1b[J")[1:]
    counts = [int(n) for n in re.findall(r"tocsin demo: (\d+) of", shown)]
    if len(boards) < 2 or len(set(counts)) < 2:
        wrong.append("nothing grows before the eyes")
    if "Ctrl-C leaves" not in shown:
        wrong.append("it does not say how to leave")
    if "县" not in shown:
        wrong.append("no place is called by its Chinese name")
    for board in boards[:-1]:
        lines = board.replace("\r", "").split("\n")
        if len(lines) > ROWS or any(width(line) > COLUMNS for line in lines):
            wrong.append(f"a board does not fit the terminal:\n{board}")
            break
    if re.search(r"\b1[0-9]{10}\b", shown):
        wrong.append("a number is shown in plain")
    if wrong:
        print("\n".join(wrong))
        print(shown[-3000:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
