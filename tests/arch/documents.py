#!/usr/bin/env python3
"""Holds the documents against the program: what a page says exists, and what exists is said.

    documents.py --tocsin=FILE [--root=FOLDER] [CHECK ...]    no CHECK: all of them; exit code 1 if anything was found

    keys        configuration.md has every key of the loader in src/config, and no other
    settings    each key is accepted with its example; each refused key is refused
    rules       rules.md has every key, function and operator of src/rules, and says which are not built
    lint        checking_rules.md has a paragraph for every check of rules, and no other
    tests       testing_rules.md has every key of test files, and no other
    examples    every YAML example loads; examples of tests pass, on the rules that stand before them
    flags       operations.md has every command and flag of --help, and no other; so has every command line in a page
    names       constants, functions and metrics that pages name exist
    promises    each promise of architecture.md and each format of storage_format.md names its test
    runbooks    operations.md links every runbook of an alert
    shipped     each rule of rules/ has source, texts, a runbook that campaign.md links, and a test that asks about it;
                campaign.md says in which phases it is judged

arch.py checks links, paths and names of tests.
"""
import argparse
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

from tree import Tree, without_comments

ASKED = re.compile(r'\.(?:get|require|string|require_string|integer|number|boolean|duration|strings|choice)\(\s*"([a-z_]+)"')
ASKED_BY_HELPERS = re.compile(r'\b(?:bounded_int|bounded_duration|list_of|read_own_topic|read_webhook_secret|read_happening)'
                              r'\(\s*\w+,\s*"([a-z_]+)"')
REFUSED = re.compile(r'\.not_supported\(\s*"([a-z_]+)"')
REFUSED_IN_LOOPS = re.compile(r'\bkey\s*:\s*\{([^}]*)\}\)\s*\{?\s*\w+\.not_supported')
REFUSED_IN_LISTS = re.compile(r'\bkOther\w+\s*=\s*\{([^}]*)\}')
WORD = re.compile(r'"([a-z_0-9]+)"')


def run(tocsin, arguments, folder):
    """(exit code, stdout and stderr together)"""
    done = subprocess.run([tocsin, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          check=False)
    return done.returncode, done.stdout.decode(errors="replace")


class Place:
    """The tree, and the program that was made of it: `ask(arguments, folder)` runs it."""

    def __init__(self, root, ask):
        self.tree = Tree(root)
        self.ask = ask

    def page(self, name):
        return self.tree.text(f"docs/{name}.md")

    def sources(self, module):
        return "\n".join(without_comments(self.tree.text(path)) for path in self.tree.ending(".cc", under=f"src/{module}/"))


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tables(text, heading=None):
    """The rows of all tables, or of those whose first heading is `heading`: [[cell, ...]], without headings."""
    rows, first = [], None
    for line in re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines():
        if not line.startswith("|"):
            first = None
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if first is None:
            first = cells[0]
        elif not set(cells[0]) <= set("- :") and heading in (None, first):
            rows.append(cells)
        elif cells[0] == "" and heading in (None, first):
            rows.append(cells)
    return rows


def section(text, title):
    """What stands under a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(2) if found else ""


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


# --- keys ------------------------------------------------------------------------------------------------------------

def keys_asked(source):
    return set(ASKED.findall(source)) | set(ASKED_BY_HELPERS.findall(source))


def keys_refused(source):
    keys = set(REFUSED.findall(source))
    for part in REFUSED_IN_LOOPS.findall(source) + REFUSED_IN_LISTS.findall(source):
        keys |= set(WORD.findall(part))
    return keys


def last_key(path):
    """`kafka.topics[].fields.FIELD.pointer` -> pointer; names of the author's own are passed over."""
    parts = [part for part in path.replace("[]", "").split(".") if not part.isupper()]
    return parts[-1]


def all_keys(path):
    return {part for part in path.replace("[]", "").split(".") if not part.isupper()}


def compare(page, said, known, literals):
    complaints = [f"{page}: the key {key} of the loader is missing" for key in sorted(known - said)]
    return complaints + [f"{page}: the key {key} is none of the loader" for key in sorted(said - literals)]


def check_keys(place):
    source = place.sources("config")
    literals = set(WORD.findall(source))
    page = place.page("configuration")
    documented = set().union(*(all_keys(path) for row in tables(page, "key") for path in quoted(row[0])))
    refused = {key for row in tables(section(page, "Refused: not supported yet")) for key in quoted(row[1])
               if re.fullmatch(r"[a-z_0-9]+", key)}
    refusing = keys_refused(source)
    complaints = compare("docs/configuration.md", documented, keys_asked(source) - refusing, literals)
    complaints += [f"docs/configuration.md: {key} is refused and not listed" for key in sorted(refusing - refused)]
    complaints += [f"docs/configuration.md: {key} is listed as refused and is not" for key in sorted(refused - refusing)]
    columns = re.search(r"kColumns\{(.*?)\};", place.tree.text("src/config/areas_file.cc"))
    told = {column for row in tables(page, "column") for column in quoted(row[0])}
    for column in set(WORD.findall(columns.group(1) if columns else "")) ^ told:
        complaints.append(f"docs/configuration.md: the column {column} of areas_file is in one of loader and page only")
    return complaints


# --- settings --------------------------------------------------------------------------------------------------------

class Raw(str):
    """Text of a value, as YAML."""


def flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {flow(inner)}' for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return value


def least():
    """The least configuration that can be checked."""
    return {"kafka": {"brokers": Raw("a:9092"), "topics": [{"name": Raw("t"), "event": Raw("complaint")}]},
            "privacy": {"pseudonym_key_file": Raw("k")}, "rule_files": Raw("r.yml")}


# What a key needs beside it: the beginning of its path, and what is there before it is set.
COMPANY = [
    ("route", ("receivers", [{"name": Raw("worklist")}])),
    ("receivers", ("receivers", [{"name": Raw("worklist")}])),
    ("receivers", ("route", {"receiver": Raw("worklist")})),
    ("route", ("route", {"receiver": Raw("worklist")})),
    ("identity", ("identity", {"links_file": Raw("links.csv")})),
]
NEEDS = {"webhook_configs": ("url", "http://h.example"), "alertmanager_configs": ("url", "http://h.example"),
         "old_secret_file": ("secret_file", "s"), "zone": ("format", '"%F %T"'), "map": ("field", "/type"),
         "fields": ("kind", "k"), "type": ("name", "f"), "values": ("type", "string"), "name": ("type", "string")}
OWN_NAMES = {"external_labels": "site", "client_properties": "client.id", "map": "02"}


# Each list with an element, and what an element needs.
CALENDARS = {"calendars": [{"name": Raw("c"), "zone": Raw("UTC"), "hours": Raw('"08:00-16:00"'), "halls": [{"area": Raw("x")}],
                            "years": [{"year": Raw("2026"), "holidays": [{"name": Raw("h"), "dates": Raw("2026-03-03")}]}]}]}


PHASES = {"phases": Raw("[reminder, suspension, supplement]"),
          "changes": [{"at": Raw("2016-10-15T00:00:00+08:00"), "phase": Raw("suspension")}]}


def own_file(path):
    """Which file the key stands in, if it is not the configuration itself."""
    if path in ("phases", "settle") or path.startswith("changes[]"):
        return "phases"
    return next((name for name in ("events", "calendars") if path.startswith(f"{name}[]")), None)


def document_with(path, value):
    """A configuration in which `path` has `value`, and all it needs."""
    if own_file(path) == "phases":
        document = copy.deepcopy(PHASES)
        node = document["changes"][0] if path.startswith("changes[]") else document
        node[last_key(path)] = Raw(value)
        return document
    if path.startswith("calendars[]"):
        document = copy.deepcopy(CALENDARS)
        node = document
        for part in path.split(".")[:-1]:
            node = node[part.replace("[]", "")][0]
        node[last_key(path)] = Raw(value)
        return document
    document = {"events": []} if path.startswith("events[]") else least()
    for beginning, (key, company) in COMPANY:
        if path.startswith(beginning):
            document[key] = copy.deepcopy(company)
    node, before = document, ""
    parts = path.split(".")
    for index, part in enumerate(parts):
        name = part.replace("[]", "")
        if name == "FIELD":
            name = "time" if index + 1 < len(parts) else "id"
        elif name.isupper():
            name = OWN_NAMES.get(before, "x")
        need = NEEDS.get(name)
        if need and index + 1 == len(parts) and need[0] not in node and before not in ("topics", "receivers"):
            node[need[0]] = Raw(need[1])
        if index + 1 == len(parts) and not part.endswith("[]"):
            if name == "url_file":
                node.pop("url", None)
            node[name] = Raw(value)
            return document
        if part.endswith("[]"):
            node = node.setdefault(name, [{}])
            if not node:
                node.append({"kind": Raw("k")} if name == "events" else {})
            node = node[0]
            if need and name.endswith("_configs"):
                node[need[0]] = Raw(need[1])
            if name == "fields":
                node.update({"name": Raw("f"), "type": Raw("string")})
        else:
            if not isinstance(node.get(name), dict):
                node[name] = {}
            if need and name == "map":
                node[need[0]] = Raw(need[1])
            node = node[name]
        before = name
    return document


RULE = """groups:
  - name: g
    rules:
      - alert: R
        on: complaint
        by: [customer]
        within: 7d
        measures: {n: count()}
        levels: {red: n >= 3}
"""


def try_settings(place, settings):
    """{path: what the program said of a configuration that has it}; one run for all."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "r.yml", RULE)
        os.mkdir(os.path.join(folder, "rules"))
        write(folder, "rules/r.yml", RULE)
        write(folder, "areas.csv", "code,parent,level\n1,,province\n")
        write(folder, "links.csv", "identifier,person\n1,2\n")
        write(folder, "events.yml", "events: [{kind: outage_update}]\n")
        write(folder, "calendars.yml", flow(CALENDARS) + "\n")
        write(folder, "phases.yml", flow(PHASES) + "\n")
        files = {}
        for number, (path, value) in enumerate(settings):
            name, document = f"{number}.yml", document_with(path, value)
            if key := own_file(path):
                write(folder, f"{key}-{number}.yml", flow(document) + "\n")
                document = dict(least(), **{f"{key}_file": Raw(f"{key}-{number}.yml")})
            write(folder, name, flow(document) + "\n")
            files[path] = name
        said = place.ask(["check", "config", *files.values()], folder)[1]
        return {path: "\n".join(line for line in said.splitlines() if re.match(rf"(?:events-|calendars-|phases-)?{re.escape(name)}\b", line))
                for path, name in files.items()}


def check_settings(place):
    page = place.page("configuration")
    examples = [(row[0].strip("`"), row[-1].strip("`")) for row in tables(page, "key")]
    complaints = [f"docs/configuration.md: {path} has no example" for path, example in examples if not example]
    for path, said in try_settings(place, [pair for pair in examples if pair[1]]).items():
        if ": ok, " not in said:
            complaints.append(f"docs/configuration.md: {path} with its example is not accepted: {said or 'no word about it'}")
    refused = []
    for row in tables(section(page, "Refused: not supported yet")):
        where = quoted(row[0])
        for key in quoted(row[1]):
            if re.fullmatch(r"[a-z_0-9]+", key):
                refused.append(((where[0] + "." if where else "") + key, "x"))
    for path, said in try_settings(place, refused).items():
        if f"{last_key(path)}: not supported yet" not in said:
            complaints.append(f"docs/configuration.md: {path} is not refused as said: {said or 'no word about it'}")
    return complaints


# --- rules -----------------------------------------------------------------------------------------------------------

def functions_of(source):
    """The names in the checker's table of functions."""
    table = re.search(r"\bkFunctions\s*=\s*\{(.*?)\}\};", source, re.DOTALL)
    return WORD.findall(re.sub(r"\{+\"(\w+)\"[^}]*\}", r'"\1" ', table.group(1))) if table else []


def built_functions(place, names):
    """Those of the functions that the program does not call unbuilt."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            write(folder, f"{name}.yml", RULE.replace("n >= 3", f"{name}() >= 1"))
        said = place.ask(["check", "rules", *(f"{name}.yml" for name in names)], folder)[1]
    return {name for name in names if not re.search(rf"\b{name}\(\): not supported yet", said)}


def check_rules(place):
    source, page = place.sources("rules"), place.page("rules")
    refused = section(page, "Refused: not supported yet")
    documented = set().union(*(all_keys(path) for row in tables(page, "key") for path in quoted(row[0])))
    refusing = keys_refused(source)
    known = keys_asked(source) - refusing
    complaints = compare("docs/rules.md", documented, known, set(WORD.findall(source)))
    listed = {key for row in tables(refused) for key in re.findall(r"[a-z_0-9]+", " ".join(quoted(row[1])))}
    complaints += [f"docs/rules.md: {key} is refused and not listed" for key in sorted(refusing - listed)]
    names = functions_of(source)
    if not names:
        return complaints + ["src/rules: no table kFunctions to hold docs/rules.md against"]
    built = built_functions(place, names)
    rows = [quoted(row[0]) for row in tables(page, "function")]
    told = {re.match(r"\w+", name).group() for row in rows for name in row}
    complaints += [f"docs/rules.md: the function {name}() is missing" for name in sorted(built - told)]
    complaints += [f"docs/rules.md: the function {name}() is not built" for name in sorted(told - built)]
    for name in sorted(set(names) - built):
        if f"`{name}()`" not in refused:
            complaints.append(f"docs/rules.md: the function {name}() is refused and not listed")
    for name in sorted(built):
        if f"`{name}()`" in refused:
            complaints.append(f"docs/rules.md: {name}() is listed as refused and is built")
    operators = {word for row in tables(page, "operator") for word in quoted(row[0])}
    infixes = re.search(r"\bkInfixes\s*=\s*\{(.*?)\}\};", source, re.DOTALL)
    for operator in re.findall(r'\{"([^"]+)"', infixes.group(1) if infixes else ""):
        if operator not in operators:
            complaints.append(f"docs/rules.md: the operator {operator} is missing")
    return complaints


# --- tests of rules ----------------------------------------------------------------------------------------------------

def check_tests(place):
    said = place.ask(["schema", "test"], None)[1]
    schema = json.loads(said)
    known = {key for table in [schema, *schema.get("definitions", {}).values()] for key in table.get("properties", {})}
    documented = {key for row in tables(place.page("testing_rules")) for key in quoted(row[0]) if re.fullmatch("[a-z_]+", key)}
    return ([f"docs/testing_rules.md: the key {key} is missing" for key in sorted(known - documented)]
            + [f"docs/testing_rules.md: {key} is no key of test files" for key in sorted(documented - known)])


# --- checks of rules ----------------------------------------------------------------------------------------------------

def check_lint(place):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "r.yml", RULE)
        said = place.ask(["check", "rules", "--format=sarif", "r.yml"], folder)[1]
    known = {rule["id"] for rule in json.loads(said)["runs"][0]["tool"]["driver"]["rules"]} - {"error"}
    parts = dict(re.findall(r"^### ([a-z-]+)\n(.*?)(?=^##|\Z)", section(place.page("checking_rules"), "Checks"), re.MULTILINE | re.DOTALL))
    return ([f"docs/checking_rules.md: no paragraph about {name}" for name in sorted(known) if len(parts.get(name, "").strip()) < 80]
            + [f"docs/checking_rules.md: there is no check {name}" for name in sorted(set(parts) - known)])


# --- examples --------------------------------------------------------------------------------------------------------

def blocks(text):
    """(language, text, line) of each fenced block."""
    return [(match.group(1), match.group(2), text.count("\n", 0, match.start()) + 1)
            for match in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def complaint_about(place, language_blocks, text):
    """What the program says against an example: rules, or a part of a configuration. Empty: nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name in re.findall(r"_file:\s*([\w./-]+\.csv)", text):
            tables_given = [other for language, other, _ in language_blocks if language == "csv"]
            write(folder, name, tables_given[-1] if tables_given else "area,red\n*,1\n")
        if re.match(r"\s*(#[^\n]*\n\s*)*groups:", text):
            write(folder, "example.yml", text)
            write(folder, "r.yml", RULE)
            write(folder, "phases.yml", flow(PHASES) + "\n")
            write(folder, "config.yml", flow(dict(least(), phases_file=Raw("phases.yml"))) + "\n")
            config = ["--config.file=config.yml"] if re.search(r"^\s+phases:", text, re.MULTILINE) else []
            code, said = place.ask(["check", "rules", *config, "example.yml"], folder)
            return said if code != 0 else ""
        if re.search(r"^tests:", text, re.MULTILINE):
            earlier = [other for _, other, _ in language_blocks[:[block[1] for block in language_blocks].index(text)]]
            rules = [other for other in earlier if re.search(r"^groups:", other, re.MULTILINE)]
            for name in re.findall(r"^rule_files:.*?([\w./-]+\.yml)", text, re.MULTILINE):
                write(folder, os.path.normpath(os.path.join("rules/tests", name)), rules[-1] if rules else RULE)
            write(folder, "rules/tests/example.yml", text)
            code, said = place.ask(["test", "rules/tests/example.yml"], folder)
            return said if code != 0 else ""
        if own := re.match(r"(events|phases):", text):
            write(folder, f"{own[1]}.yml", text)
            write(folder, "r.yml", RULE)
            write(folder, "example.yml", flow(dict(least(), **{f"{own[1]}_file": Raw(f"{own[1]}.yml")})) + "\n")
            code, said = place.ask(["check", "config", "example.yml"], folder)
            return said if code != 0 else ""
        write(folder, "example.yml", text)
        said = place.ask(["check", "config", "example.yml"], folder)[1]
        wrong = [line for line in said.splitlines() if line.startswith("example.yml:") and "warning:" not in line]
        return "\n".join(line for line in wrong if "missing field" not in line and "there is no file" not in line)


def check_examples(place):
    complaints = []
    for path in ["README.md"] + place.tree.ending(".md", under="docs/"):
        if not place.tree.exists(path):
            continue
        found = blocks(place.tree.text(path))
        for language, text, line in found:
            if language not in ("yaml", "yml"):
                continue
            wrong = complaint_about(place, found, text)
            if wrong:
                complaints.append(f"{path}:{line}: the example does not load: {wrong}")
    return complaints


# --- flags -----------------------------------------------------------------------------------------------------------

def helped(place, command=()):
    """{command: its flags} as --help tells it."""
    _, text = place.ask([*command, "--help"], None)
    parts = re.split(r"^(\w[\w ]*):\s*$", text, flags=re.MULTILINE)
    found, flags, inner = {}, set(), []
    for title, body in zip(parts[1::2], parts[2::2]):
        if title.lower().startswith("subcommand"):
            inner = re.findall(r"^  (\S+)", body, re.MULTILINE)
        elif title.lower().startswith("option"):
            for line in re.findall(r"^  (-\S.*?)(?:  |$)", body, re.MULTILINE):
                flags |= set(re.findall(r"(?<![\w-])--?[a-z][\w.-]*", line))
    for name in inner:
        found.update(helped(place, (*command, name)))
    if not inner:
        found[" ".join(command)] = flags - {"-h", "--help"}
    return found


def told_commands(page):
    """{command: its flags} as operations.md tells it."""
    told, commands = {}, []
    for row in tables(section(page, "Commands"), "command"):
        names = [re.match(r"(?:[a-z]+ ?)*", name.removeprefix("tocsin ")).group().strip() for name in quoted(row[0])]
        if names or row[0]:
            commands = names
        for command in commands:
            told.setdefault(command, set()).update(flag for flag in quoted(row[1]) if flag.startswith("-"))
    return told


def check_flags(place):
    page = place.page("operations")
    told, real = told_commands(page), helped(place)
    complaints = [f"docs/operations.md: the command {name} is missing" for name in sorted(set(real) - set(told))]
    complaints += [f"docs/operations.md: there is no command {name}" for name in sorted(set(told) - set(real))]
    for name in sorted(set(told) & set(real)):
        complaints += [f"docs/operations.md: {flag} of {name} is missing" for flag in sorted(real[name] - told[name])]
        complaints += [f"docs/operations.md: {name} has no flag {flag}" for flag in sorted(told[name] - real[name])]
    return complaints + misused(place, real)


COMMAND_LINE = re.compile(r"(?:^|[;&|$(`] *)(?:\./)?(?:build/release/)?tocsin +([a-z-][^`#;|\n]*)", re.MULTILINE)


def command_lines(text):
    """What follows the program's name, in code that a reader may copy."""
    code = "\n".join(block for _, block, _ in blocks(text))
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return COMMAND_LINE.findall(code) + COMMAND_LINE.findall("\n".join(quoted(rest)))


def misused(place, real):
    complaints = []
    for path in ["README.md"] + place.tree.ending(".md", under="docs/"):
        for line in command_lines(place.tree.text(path) if place.tree.exists(path) else ""):
            words = line.split()
            if words == ["--version"]:
                continue
            command = next((" ".join(words[:n]) for n in (3, 2, 1) if " ".join(words[:n]) in real), None)
            if command is None:
                if not any(name.startswith(words[0] + " ") for name in real):
                    complaints.append(f"{path}: there is no command {words[0]}: tocsin {line.strip()}")
                continue
            for flag in re.findall(r"(?<![\w-])--?[a-z][\w.-]*", line):
                if flag not in real[command] | {"-h", "--help"}:
                    complaints.append(f"{path}: {command} has no flag {flag}: tocsin {line.strip()}")
    return complaints


# --- names, promises, runbooks ---------------------------------------------------------------------------------------

def check_names(place):
    tree = place.tree
    code = {path: without_comments(tree.text(path)) for path in tree.ending(".cc", ".h", under="src/")
            + tree.ending(".h", under="include/")}
    everything = "\n".join(code.values())
    families = set(re.findall(r'\{"([a-z_]+)",', code.get("src/metrics/families.cc", "")))
    complaints = []
    for path in ["README.md"] + tree.ending(".md", under="docs/"):
        text = tree.text(path) if tree.exists(path) else ""
        for name in quoted(text):
            constant = re.fullmatch(r"(?:(\w+)::)?(k[A-Z]\w+)", name)
            function = re.fullmatch(r"([A-Z]\w+)::(~?[a-z]\w*)", name)
            if constant and not re.search(rf"\b{constant.group(2)}\b", everything):
                complaints.append(f"{path}: names `{name}`, and there is no such constant")
            if function and not names_function(code, *function.groups()):
                complaints.append(f"{path}: names `{name}`, and there is no such thing")
        for name in re.findall(r"\btocsin_([a-z_]*[a-z])\b", text):
            if families and not {name, re.sub(r"_(bucket|sum|count)$", "", name)} & families:
                complaints.append(f"{path}: names the metric tocsin_{name}, and there is none")
    return complaints


def names_function(code, owner, name):
    for text in code.values():
        if re.search(rf"\b{owner}::{re.escape(name)}\b", text):
            return True
        if re.search(rf"\b(?:class|struct)\s+(?:\[\[\w+\]\]\s*)?{owner}\b", text) and re.search(rf"{re.escape(name)}\b", text):
            return True
    return False


def check_promises(place):
    complaints = []
    promises = tables(section(place.page("architecture"), "What holds"))
    if len(promises) < 12:
        complaints.append(f"docs/architecture.md: {len(promises)} promises, at least 12 are kept")
    formats = tables(section(place.page("storage_format"), "Keys"), "key")
    if not formats:
        complaints.append("docs/storage_format.md: no table of keys")
    for page, rows in (("architecture", promises), ("storage_format", formats)):
        for row in rows:
            if not any(re.fullmatch(r"[A-Z]\w*\.[A-Z]\w+|tests/\S+", name) for name in quoted(row[-1])):
                complaints.append(f"docs/{page}.md: no test guards: {' '.join(row[:2])}")
    return complaints


def check_runbooks(place):
    linked = set(re.findall(r"\]\((runbooks/\w+\.md)\)", place.page("operations")))
    there = {path.removeprefix("docs/") for path in place.tree.ending(".md", under="docs/runbooks/")}
    of_rules = {f"runbooks/{name}.md" for name in shipped_rules(place.tree)}
    return [f"docs/operations.md: no link to {path}" for path in sorted(there - linked - of_rules)]


# --- shipped rules -----------------------------------------------------------------------------------------------------

RUNBOOK = ["What it means", "For whom", "What to do", "Where the numbers come from"]


def shipped_rules(tree):
    """{name: (file, its lines)} of rules and rollups, each up to the next name."""
    found = {}
    for path in tree.ending(".yml", under="rules/"):
        if re.fullmatch(r"rules/(campaign/)?[\w-]+\.yml", path):
            parts = re.split(r"^ *(?:- )?alert: (\w+)$", tree.text(path), flags=re.MULTILINE)
            found.update({name: (path, body) for name, body in zip(parts[1::2], parts[2::2])})
    return found


def check_shipped(place):
    tree, complaints = place.tree, []
    linked = set(re.findall(r"\]\(runbooks/(\w+)\.md\)", tree.text("docs/campaign.md")))
    judged_in = {name: row[1] for row in tables(place.page("campaign"), "rule")
                 for name in re.findall(r"runbooks/(\w+)\.md", row[0])}
    tested = "\n".join(tree.text(path) for path in tree.ending(".yml", under="rules/tests/"))
    for name, (path, body) in shipped_rules(tree).items():
        page = f"docs/runbooks/{name}.md"
        for key in ("owner:", "summary:", "summary_zh:"):
            if not re.search(rf"^ *{key} ", body, re.MULTILINE):
                complaints.append(f"{path}: {name} has no {key[:-1]}")
        if not re.search(r"^ *source: (>-\n *)?\"?\[[RCPWGA]\] ", body, re.MULTILINE):
            complaints.append(f"{path}: the source of {name} has no grade")
        if f"runbook_url: {page}\n" not in tree.text(path):
            complaints.append(f"{path}: {name} does not name its runbook {page}")
        if not re.search(rf"\balertname: {name}\b", tested):
            complaints.append(f"{path}: no test in rules/tests asks about {name}")
        phases = re.search(r"^ *phases: \[(.*?)\]", body, re.MULTILINE)
        if phases and judged_in.get(name) != phases[1]:
            complaints.append(f"docs/campaign.md: does not say that {name} is judged in {phases[1]}")
        if name not in linked:
            complaints.append(f"docs/campaign.md: no link to runbooks/{name}.md")
        if not tree.exists(page):
            complaints.append(f"{page}: missing")
            continue
        text = tree.text(page)
        if not text.startswith(f"# {name}\n") or re.findall(r"^## (.*)$", text, re.MULTILINE) != RUNBOOK:
            complaints.append(f"{page}: its headings are {name}, then {', '.join(RUNBOOK)}")
        if f"`{path}`" not in text:
            complaints.append(f"{page}: does not say that the rule is in {path}")
    return complaints


CHECKS = {"keys": check_keys, "settings": check_settings, "rules": check_rules, "lint": check_lint, "tests": check_tests, "examples": check_examples, "flags": check_flags,
          "names": check_names, "promises": check_promises, "runbooks": check_runbooks,
          "shipped": check_shipped}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--tocsin", required=True, help="the program")
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    unknown = set(options.checks) - set(CHECKS)
    if unknown:
        parser.error(f"unknown check {', '.join(sorted(unknown))}: there are {', '.join(CHECKS)}")
    tocsin = os.path.abspath(options.tocsin)
    place = Place(os.path.normpath(options.root), lambda arguments, folder: run(tocsin, arguments, folder))
    complaints = [f"{name}: {complaint}" for name in options.checks or CHECKS for complaint in CHECKS[name](place)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
