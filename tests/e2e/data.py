"""Where the real data lies, and what a test says that does not find it."""
import os
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SETS = {"itsm": "itsm-uci-2016", "boston": "boston311-2011", "tipdm": "tipdm-zhengwu-2019", "pge": "pge-psps-2019"}


def shared():
    return os.environ.get("TOCSIN_SHARED") or os.path.join(ROOT, "..", "shared")


def real(name, test):
    """The folder of a set of real/. Where it is missing: one line, and the end of the program, passed or failed."""
    folder = os.path.join(shared(), "data", "real", SETS[name])
    if not os.path.isdir(folder):
        print(f"SKIPPED: no data ({test})", flush=True)
        sys.exit(1 if os.environ.get("TOCSIN_REQUIRE_DATA") == "1" else 0)
    return folder
