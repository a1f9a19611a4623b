"""The files of the project as the architecture checks see them, and a little reading of C++."""
import fnmatch
import os
import re

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".kafka", ".cache"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


class Tree:
    """A folder of the project's shape. Paths are relative to it, with slashes."""

    def __init__(self, root):
        self.root = root
        self.files = []
        self._texts = {}
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
            for name in sorted(set(names) - SKIPPED_FOLDERS):  # a worktree's .git is a file
                self.files.append(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def matching(self, pattern):
        return [path for path in self.files if fnmatch.fnmatch(path, pattern)]

    def ending(self, *endings, under=""):
        return [path for path in self.files if path.startswith(under) and path.endswith(endings)]

    def modules(self):
        return sorted({path.split("/")[1] for path in self.files if path.startswith("src/") and path.count("/") > 1})

    def includes(self, path):
        """(kind, name) of each #include: kind is '<' or '"'."""
        return INCLUDE.findall(without_comments(self.text(path)))


def without_comments(text):
    """The same text, line for line, with comments blanked."""
    def blank(match):
        return match.group() if match.group()[0] in "\"'R" else re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
                  blank, text, flags=re.DOTALL)


def only_code(text):
    """The same text, line for line, with comments, literals and preprocessor lines blanked."""
    text = without_comments(text)
    text = re.sub(r'R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
                  lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda match: re.sub(r"[^\n]", " ", match.group()), text,
                  flags=re.MULTILINE)


def functions(text):
    """(name, first line, last line) of every function body, from the first line of its head. A counter of braces, not a
    parser: bodies inside bodies (lambdas, local classes) belong to the outer one; tables of data are left out."""
    code = only_code(text)
    found, head_from, at = [], 0, 0
    while at < len(code):
        if code[at] in ";}" or (code[at] == ":" and re.search(r"\b(public|private|protected)\s*$", code[head_from:at])):
            head_from = at + 1
        elif code[at] == "(":
            at = closing(code, at, "()")
        elif code[at] == "{":
            head = code[head_from:at]
            if is_scope(head):
                head_from = at + 1
            else:
                end = closing(code, at, "{}")
                # `X() : a_{1}, b_{2} { ... }`: what follows a member's braces is still the head of the function.
                in_head = re.search(r"\)[^;{}]*[^:]:[^:]", head) and code[end + 1:end + 200].lstrip()[:1] in (",", "{")
                if not in_head:
                    if is_function(head):
                        first = head_from + len(head) - len(head.lstrip())
                        found.append((function_name(head), code.count("\n", 0, first) + 1, code.count("\n", 0, end) + 1))
                    head_from = end + 1
                at = end
        at += 1
    return found


def closing(code, at, pair):
    """Where the bracket that opens at `at` is closed; the end of the text if it is not."""
    depth = 0
    for match in re.compile("[" + re.escape(pair) + "]").finditer(code, at):
        depth += 1 if match.group() == pair[0] else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def is_scope(head):
    head = re.sub(r"^\s*template\s*<.*?>\s*(?=class|struct|union)", "", head, flags=re.DOTALL).strip()
    return bool(re.match(r"(inline\s+)?namespace\b|extern\s*$|(typedef\s+)?(class|struct|union)\b(?![^{]*\)\s*$)", head))


def is_function(head):
    flat = re.sub(r"operator\s*(\(\)|[^\s\w(]+)", "operator_", head)
    for nested in (r"\([^()]*\)", r"(?<=template)\s*<[^<>]*>", r"\{[^{}]*\}"):  # what stands in brackets does not tell
        while re.search(nested, flat):
            flat = re.sub(nested, "\x01" if nested.startswith("\\(") else "", flat)
    return "\x01" in flat and "=" not in flat and not re.match(r"\s*enum\b", flat)


def function_name(head):
    match = re.search(r"(operator\s*(?:\(\)|\S+?)|[\w:~]+)\s*\(([^()]*)", head)
    if not match:
        return "?"
    name = match.group(1)
    return f"{name}({match.group(2).strip()})" if name.startswith("TEST") else name
