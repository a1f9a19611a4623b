"""Where the real data lies, and what a test says that does not find it."""
import os

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SETS = {"itsm": "itsm-uci-2016", "boston": "boston311-2011", "tipdm": "tipdm-zhengwu-2019", "pge": "pge-psps-2019"}


def shared():
    return os.environ.get("TOCSIN_SHARED") or os.path.join(ROOT, "..", "shared")


def real(name, test):
    """The folder of a set of real/. None where it is missing, after the one line that says so; the test then passes."""
    folder = os.path.join(shared(), "data", "real", SETS[name])
    if os.path.isdir(folder):
        return folder
    print(f"SKIPPED: no data ({test})", flush=True)
    if os.environ.get("TOCSIN_REQUIRE_DATA") == "1":
        raise FileNotFoundError(f"{folder} is missing, and TOCSIN_REQUIRE_DATA is 1")
    return None
