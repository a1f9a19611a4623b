#!/usr/bin/env python3
"""Holds what the tree promises about itself. Each check reads the sources of a tree and answers with complaints.

    arch.py [--root=FOLDER] [CHECK ...]       no CHECK: all of them; exit code 1 if anything was found

    layers      who includes whom (layers.txt); no cycles; CMake links no more than that; one folder, one library, one test
    doors       each foreign library is included by its one module (doors.txt)
    sizes       headers <= 250 lines, sources <= 500, functions <= 60 (own counter of braces, see tree.py)
    names       file and folder names; no notes to self; no paths of somebody's machine; no switched-off or sleeping tests
    purity      the core includes no clock, thread, random number, file or stream, and asks no clock
    demo        `demo` and `run` start one and the same daemon, and no command puts one together from its parts
    documents   every relative link, path and test that a page names exists; every option is documented

exceptions.txt lists what is let pass, with the reason; one that is not needed is a complaint of its own.
"""
import argparse
import os
import re
import sys

from tree import Tree, functions, only_code, without_comments

HEADER_LINES_MAX = 250
SOURCE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "misc", "stuff", "lib"}

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits clocale
cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib
cstring ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream functional future
initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new
numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location
span sstream stack stdexcept stop_token streambuf string string_view strstream syncstream system_error thread tuple
type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
""".split())
# The operating system: edges may, the core may not (check purity).
SYSTEM = re.compile(r"(sys|netinet|arpa|linux)/|(unistd|fcntl|poll|signal|time|errno|netdb|pthread|sched|dirent|stdlib|stdio|"
                    r"string|stdint|termios|pwd|grp|malloc|execinfo|cxxabi|spawn|getopt|dlfcn)\.h$")
IMPURE_HEADERS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "stop_token", "semaphore", "latch",
                  "barrier", "atomic", "random", "iostream", "fstream", "filesystem", "ctime", "cstdio", "csignal", "syncstream"}
IMPURE_MODULE_HEADERS = {"base/log.h", "base/logging.h", "base/clock.h", "base/queue.h", "base/files.h"}
IMPURE_CALLS = re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)::now\b|\bstd::rand\b|\bsrand\b|"
                          r"\bgetenv\b|\bthread_local\b|\bstd::(?:cout|cerr|clog)\b|\bprintf\b")


def listed(tree, name):
    """The lines of a table beside this script, without comments."""
    path = f"tests/arch/{name}"
    return [line for line in (raw.split("#")[0].strip() for raw in tree.text(path).splitlines()) if line] \
        if tree.exists(path) else []


def read_layers(tree):
    """({module: modules it may include}, core modules, complaints)."""
    allowed, core, complaints = {}, set(), []
    for line in listed(tree, "layers.txt"):
        head, _, rest = line.partition(":")
        words = head.split()
        if words[0] == "core" and len(words) > 1:
            core.add(words[-1])
        for module in rest.split():
            if module not in allowed:
                complaints.append(f"tests/arch/layers.txt: {words[-1]} names {module}, which no line above declares")
        allowed[words[-1]] = set(rest.split())
    return allowed, core, complaints


def check_layers(tree):
    allowed, _, complaints = read_layers(tree)
    for module in tree.modules():
        if module not in allowed:
            complaints.append(f"src/{module}: not in tests/arch/layers.txt; add it above whoever includes it")
            continue
        complaints += layers_of_module(tree, module, allowed[module])
    for path in tree.ending(".h", under="include/"):
        for kind, name in tree.includes(path):
            if (kind == '"' and not name.startswith("tocsin/")) or (kind == "<" and name not in STANDARD):
                complaints.append(f"{path}: includes {name}; the vocabulary knows only itself and the standard library")
    return complaints + file_cycles(tree)


def layers_of_module(tree, module, allowed):
    complaints = []
    for path in tree.ending(".cc", ".h", under=f"src/{module}/"):
        for kind, name in tree.includes(path):
            if kind == "<":
                continue
            target = name.split("/")[0]
            if target in ("tocsin", module) or target in allowed:
                folder = "include" if target == "tocsin" else "src"
                if not tree.exists(f"{folder}/{name}"):
                    complaints.append(f'{path}: includes "{name}", and there is no {folder}/{name}')
            elif tree.exists(f"src/{target}"):
                complaints.append(f'{path}: includes "{name}", but {module} may not include {target} (tests/arch/layers.txt)')
    cmake = f"src/{module}/CMakeLists.txt"
    text = tree.text(cmake) if tree.exists(cmake) else ""
    if not re.search(rf"tocsin_module\(\s*NAME\s+{module}\b", text):
        complaints.append(f"{cmake}: does not declare tocsin_module(NAME {module} ...): one folder is one library")
    linked = re.search(r"\bDEPS\s+([\w\s]*?)\s*(?:\)|LIBRARIES|#|$)", re.sub(r"#.*", "", text))
    for name in (linked.group(1).split() if linked else []):
        if name not in allowed:
            complaints.append(f"{cmake}: links {name}, but {module} may not include it (tests/arch/layers.txt)")
    if not tree.matching(f"tests/{module}/*_test.cc"):
        complaints.append(f"tests/{module}: no *_test.cc for src/{module}: one folder is one test binary")
    return complaints


def file_cycles(tree):
    """Headers that include each other in a circle, also within a module."""
    graph = {}
    for path in tree.ending(".h", under="src/") + tree.ending(".h", under="include/"):
        name = path.split("/", 1)[1]
        graph[name] = [target for kind, target in tree.includes(path) if kind == '"']
    complaints, done = [], set()

    def visit(name, trail):
        if name in trail:
            complaints.append("headers include each other: " + " -> ".join(trail[trail.index(name):] + [name]))
        elif name not in done:
            for target in graph.get(name, []):
                visit(target, trail + [name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return complaints


def check_doors(tree):
    doors = [(line.split(":")[0].strip(), line.split(":")[1].strip()) for line in listed(tree, "doors.txt")]
    complaints = []
    for path in tree.ending(".cc", ".h", under="src/"):
        module = path.split("/")[1]
        for kind, name in tree.includes(path):
            if (kind == '"' and tree.exists(f"src/{name.split('/')[0]}")) or name.startswith("tocsin/"):
                continue
            owners = [owner for prefix, owner in doors if name.startswith(prefix)]
            if owners:
                if owners[0] not in ("any", module):
                    complaints.append(f"{path}: includes <{name}>, whose door is src/{owners[0]} (tests/arch/doors.txt)")
            elif kind == '"' or not (name in STANDARD or SYSTEM.match(name)):
                complaints.append(f"{path}: includes <{name}>, a foreign header without a door: add it to tests/arch/doors.txt")
    return complaints


def check_sizes(tree):
    complaints = []
    for path in tree.ending(".cc", ".h"):
        lines = tree.text(path).count("\n")
        most = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
        if lines > most:
            complaints.append(f"{path}: {lines} lines, at most {most}: it does more than one thing; split it")
        for name, first, last in functions(tree.text(path)):
            if last - first + 1 > FUNCTION_LINES_MAX:
                complaints.append(f"{path}:{name}: {last - first + 1} lines from line {first}, "
                                  f"at most {FUNCTION_LINES_MAX} in a function")
    for path in ["dev"] if tree.exists("dev") else []:
        if tree.text(path).count("\n") > 400:
            complaints.append(f"{path}: more than 400 lines: nobody reads a script that long")
    return complaints


def check_names(tree):
    complaints = []
    for path in tree.files:
        parts = path.split("/")
        for part in parts:
            if part.split(".")[0].lower() in FORBIDDEN_NAMES and parts[0] in ("src", "include", "tests", "docs"):
                complaints.append(f"{path}: '{part}' says nothing; name it after what it holds")
        if parts[0] in ("src", "include", "tests"):
            if path.endswith((".cpp", ".cxx", ".hpp", ".hh")):
                complaints.append(f"{path}: sources end in .cc and .h")
            if path.endswith((".cc", ".h")) and not re.fullmatch(r"[a-z0-9_]+\.(cc|h)", parts[-1]):
                complaints.append(f"{path}: file names are lower_case_with_underscores")
    # Spelled so that this file does not find itself.
    note = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    machine = re.compile(r"(?<![\w.$}/-])/(?:work|farm|root|home/\w+)/[\w.]")
    asleep = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b")
    off = re.compile(r"\bDISABLED" r"_\w|\bGTEST_" r"SKIP\b")
    for path in tree.files:
        if path.endswith((".png", ".gz", ".jsonl", ".csv", ".lock")) or path == "LICENSE":
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if path.startswith(("src/", "include/", "tests/", "cmake/")) and note.search(line):
                complaints.append(f"{path}:{number}: a note to self; do it, or open an issue")
            if machine.search(line):
                complaints.append(f"{path}:{number}: a path of somebody's machine")
            if path.startswith("tests/") and path.endswith(".cc"):
                if asleep.search(line.split("//")[0]):
                    complaints.append(f"{path}:{number}: a test that sleeps is slow or wrong; wait for what it needs")
                if off.search(line):
                    complaints.append(f"{path}:{number}: a test that is switched off")
    return complaints


def check_purity(tree):
    _, core, _ = read_layers(tree)
    complaints = []
    for module in sorted(core):
        for path in tree.ending(".cc", ".h", under=f"src/{module}/"):
            for _, name in tree.includes(path):
                if name in IMPURE_HEADERS or SYSTEM.match(name) or name in IMPURE_MODULE_HEADERS:
                    complaints.append(f"{path}: includes {name}; {module} is core: it computes from what it is given")
            for number, line in enumerate(only_code(tree.text(path)).splitlines(), 1):
                call = IMPURE_CALLS.search(line)
                if call:
                    complaints.append(f"{path}:{number}: {call.group()}; {module} is core: it computes from what it is given")
    return complaints


def anchors(text):
    """The anchors that a page's headings make, as GitHub makes them."""
    made = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*\s*$", text, re.MULTILINE):
        made.add(re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-"))
    return made


DAEMON = {"src/app/run_command.cc", "src/app/demo_command.cc"}
PARTS = re.compile(r"\bpipeline/(?:engine|dispatcher|intake_loop|kafka_log|notice_outlet)\.h")


def check_demo(tree):
    complaints = []
    for path in tree.ending(".cc", under="src/app/") + tree.ending(".h", under="src/app/"):
        text = without_comments(tree.text(path))
        starts = "pipeline::Daemon::start(" in text
        if starts != (path in DAEMON):
            complaints.append(f"{path}: {'starts a daemon' if starts else 'does not start the daemon'}; `run` and `demo` do, by pipeline::Daemon::start")
        if PARTS.search(text):
            complaints.append(f"{path}: puts a daemon together from its parts; what a demonstration shows must be what runs in service")
    return complaints + [f"{path}: is missing" for path in sorted(DAEMON) if not tree.exists(path)]


def check_documents(tree):
    complaints = []
    tests = set()
    for path in tree.ending("_test.cc"):
        for suite, name in re.findall(r"\b(?:TYPED_)?(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+)\s*,\s*(\w+)",
                                      tree.text(path)):
            tests.add(f"{suite}.{name}")
    pages = tree.ending(".md")
    for page in pages:
        text = re.sub(r"^```.*?^```", lambda match: "\n" * match.group().count("\n"), tree.text(page), flags=re.MULTILINE | re.DOTALL)
        folder = os.path.dirname(page)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            complaints += broken_link(tree, page, folder, target)
        for quoted in re.findall(r"`([^`\n]+)`", text):
            if re.fullmatch(r"[A-Z]\w*\.[A-Z]\w+", quoted) and not quoted.endswith(".md") and quoted not in tests:
                complaints.append(f"{page}: names the test `{quoted}`, and there is no such test")
            path = re.fullmatch(r"((?:src|include|tests|docs|rules|deploy|cmake|\.ci)/[\w./*{},-]*)(?::\d+)?", quoted)
            if path and not path_exists(tree, path.group(1).rstrip("/")):
                complaints.append(f"{page}: names `{quoted}`, and there is no such file")
    return complaints + undocumented_options(tree, pages)


def broken_link(tree, page, folder, target):
    if re.match(r"[a-z]+:", target):
        return []
    name, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(folder, name)) if name else page
    if not tree.exists(path):
        return [f"{page}: the link to {target} leads nowhere"]
    if anchor and path.endswith(".md") and anchor not in anchors(tree.text(path)):
        return [f"{page}: the link to {target} leads to no heading of {path}"]
    return []


def path_exists(tree, path):
    braces = re.search(r"\{([^{}]*)\}", path)
    if braces:
        return all(path_exists(tree, path.replace(braces.group(), choice, 1)) for choice in braces.group(1).split(","))
    if "*" in path:
        return bool(tree.matching(path) or tree.matching(path + "/*"))
    return tree.exists(path)


def undocumented_options(tree, pages):
    said = "\n".join(tree.text(page) for page in pages)
    complaints = []
    for path in tree.ending(".cc", under="src/app/"):
        for options in re.findall(r'"((?:-\w,)?--[a-z][\w.-]*(?:,[\w.,-]*)?)"', without_comments(tree.text(path))):
            for option in re.findall(r"--[a-z][\w.-]*", options):
                if not re.search(re.escape(option) + r"(?![\w.-])", said):
                    complaints.append(f"{path}: option {option} is in no page of the documents")
    return complaints


CHECKS = {"layers": check_layers, "doors": check_doors, "sizes": check_sizes, "names": check_names, "purity": check_purity,
          "demo": check_demo, "documents": check_documents}


def read_exceptions(tree):
    """[(check, path or path:function, reason)]"""
    return [tuple(line.split(None, 2)) for line in listed(tree, "exceptions.txt")]


def run(tree, names):
    """Complaints of these checks, after the exceptions."""
    complaints = []
    for name in names:
        found = CHECKS[name](tree)
        for exception in read_exceptions(tree):
            if exception[0] != name:
                continue
            if len(exception) < 3:
                complaints.append(f"tests/arch/exceptions.txt: {' '.join(exception)}: an exception needs a reason")
            kept = [c for c in found if not re.match(re.escape(exception[1]) + r"(?![\w/.])", c)]
            if len(kept) == len(found):
                complaints.append(f"tests/arch/exceptions.txt: {exception[0]} {exception[1]} is not needed any more")
            found = kept
        complaints += [f"{name}: {complaint}" for complaint in found]
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    unknown = set(options.checks) - set(CHECKS)
    if unknown:
        parser.error(f"unknown check {', '.join(sorted(unknown))}: there are {', '.join(CHECKS)}")
    tree = Tree(os.path.normpath(options.root))
    complaints = run(tree, options.checks or list(CHECKS))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
