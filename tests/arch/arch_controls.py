#!/usr/bin/env python3
"""Negative controls of arch.py: a small tree that passes, and for each promise a change to it that must be found."""
import os
import sys
import tempfile
import unittest

from arch import CHECKS, run
from tree import Tree, functions

GOOD = {
    "src/base/CMakeLists.txt": "tocsin_module(NAME base LIBRARIES spdlog::spdlog)\n",
    "src/base/text.h": "#pragma once\n#include <string>\nint length(const std::string& s);\n",
    "src/base/text.cc": '#include "base/text.h"\n#include <spdlog/spdlog.h>\nint length(const std::string& s) { return 1; }\n',
    "src/rules/CMakeLists.txt": "tocsin_module(NAME rules DEPS base LIBRARIES re2::re2)\n",
    "src/rules/judge.cc": '#include <vector>\n#include "base/text.h"\n#include "tocsin/event.h"\nint judge() { return 0; }\n',
    "src/app/CMakeLists.txt": "tocsin_module(NAME app DEPS rules base)\n",
    "src/app/main.cc": '#include <unistd.h>\n#include "rules/judge.h"\nint main() { return option("--config.file"); }\n',
    "src/app/run_command.cc": "int run() { return pipeline::Daemon::start(); }\n",
    "src/app/demo_command.cc": "int demo() { return pipeline::Daemon::start(); }\n",
    "src/rules/judge.h": "#pragma once\nint judge();\n",
    "include/tocsin/event.h": "#pragma once\n#include <string>\nstruct Event {};\n",
    "tests/base/text_test.cc": "TEST(Text, HasALength) {}\n",
    "tests/rules/judge_test.cc": "TEST(Judge, AnswersZero) {}\n",
    "tests/app/main_test.cc": "TEST(Main, Starts) {}\n",
    "tests/arch/layers.txt": "base:\ncore rules: base\napp: base rules\n",
    "tests/arch/doors.txt": "spdlog/: base\nre2/: rules\nabsl/: any\n",
    "tests/arch/exceptions.txt": "# none\n",
    "docs/rules.md": "# Rules\n\n## How to judge\n\nSee `src/rules/judge.cc`, `src/*/CMakeLists.txt`, `Judge.AnswersZero`.\n",
    "README.md": "Read [the rules](docs/rules.md#how-to-judge). Option `--config.file`.\n",
}

LONG_FUNCTION = "int f() {\n" + "    g();\n" * 60 + "}\n"

# (check, the file that is changed, what is added to it or, with None before it, what it becomes; part of the complaint)
BROKEN = [
    ("layers", "src/base/text.h", '#include "rules/judge.h"\n', "base may not include rules"),
    ("layers", "src/rules/judge.cc", '#include "base/gone.h"\n', "there is no src/base/gone.h"),
    ("layers", "src/rules/judge.h", '#include "rules/judge.h"\n', "headers include each other"),
    ("layers", "src/base/CMakeLists.txt", (None, "tocsin_module(NAME base DEPS rules)\n"), "links rules"),
    ("layers", "src/rules/CMakeLists.txt", (None, "add_library(rules judge.cc)\n"), "one folder is one library"),
    ("layers", "src/news/paper.cc", "int x;\n", "not in tests/arch/layers.txt"),
    ("layers", "tests/arch/layers.txt", (None, "base: rules\ncore rules: base\napp: base rules\n"), "no line above declares"),
    ("layers", "tests/rules/judge_test.cc", None, "one folder is one test binary"),
    ("layers", "include/tocsin/event.h", "#include <spdlog/spdlog.h>\n", "the vocabulary knows only itself"),
    ("doors", "src/rules/judge.cc", "#include <spdlog/fmt/fmt.h>\n", "whose door is src/base"),
    ("doors", "src/rules/judge.cc", '#include "re2/../spdlog.h"\n#include <sqlite3.h>\n', "without a door"),
    ("sizes", "src/base/text.h", "\n" * 250, "at most 250"),
    ("sizes", "src/base/text.cc", "\n" * 500, "at most 500"),
    ("sizes", "tests/base/text_test.cc", "\n" * 500, "at most 500"),
    ("sizes", "src/base/text.cc", LONG_FUNCTION, "62 lines"),
    ("sizes", "tests/base/text_test.cc", "TEST(Text, Long) {\n" + ";\n" * 60 + "}\n", "TEST(Text, Long)"),
    ("names", "src/base/utils.cc", "int x;\n", "says nothing"),
    ("names", "src/helpers/x.cc", "int x;\n", "says nothing"),
    ("names", "src/base/more.cpp", "int x;\n", "sources end in .cc"),
    ("names", "src/base/MoreText.cc", "int x;\n", "lower_case"),
    ("names", "src/base/text.cc", "// TO" "DO later\n", "a note to self"),
    ("names", "docs/rules.md", "Look into /ro" "ot/notes.\n", "somebody's machine"),
    ("names", "tests/base/text_test.cc", "void f() { std::this_thread::sleep_for(1s); }\n", "a test that sleeps"),
    ("names", "tests/base/text_test.cc", "TEST(Text, DISABLED" "_Once) {}\n", "switched off"),
    ("purity", "src/rules/judge.cc", "#include <thread>\n", "is core"),
    ("purity", "src/rules/judge.cc", "#include <fstream>\n", "is core"),
    ("purity", "src/rules/judge.cc", "#include <sys/socket.h>\n", "is core"),
    ("purity", "src/rules/judge.cc", "auto t = std::chrono::system_clock::now();\n", "is core"),
    ("demo", "src/app/demo_command.cc", (None, "int demo() { return 0; }\n"), "does not start the daemon"),
    ("demo", "src/app/demo_command.cc", None, "is missing"),
    ("demo", "src/app/main.cc", "int x = pipeline::Daemon::start();\n", "starts a daemon"),
    ("demo", "src/app/demo_command.cc", '#include "pipeline/engine.h"\n', "from its parts"),
    ("documents", "README.md", "[gone](docs/gone.md)\n", "leads nowhere"),
    ("documents", "README.md", "[gone](docs/rules.md#gone)\n", "no heading"),
    ("documents", "README.md", "See `src/rules/gone.cc`.\n", "no such file"),
    ("documents", "README.md", "See `src/gone*/x.cc`.\n", "no such file"),
    ("documents", "README.md", "Guarded by `Judge.AnswersOne`.\n", "no such test"),
    ("documents", "src/app/main.cc", 'auto x = option("-v,--web.verbose");\n', "--web.verbose is in no page"),
    ("names", "tests/arch/exceptions.txt", "names src/base/text.cc because it was once needed\n", "not needed any more"),
]


def lay(folder, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text)


class Controls(unittest.TestCase):
    def complaints(self, files, check):
        with tempfile.TemporaryDirectory() as folder:
            lay(folder, files)
            return run(Tree(folder), [check])

    def test_the_good_tree_passes_every_check(self):
        for check in CHECKS:
            self.assertEqual(self.complaints(GOOD, check), [], check)

    def test_every_broken_tree_is_found(self):
        for check, path, change, complaint in BROKEN:
            with self.subTest(check=check, path=path, complaint=complaint):
                files = dict(GOOD)
                if change is None:
                    del files[path]
                else:
                    files[path] = change[1] if isinstance(change, tuple) else files.get(path, "") + change
                found = self.complaints(files, check)
                self.assertTrue(any(complaint in line for line in found), found)

    def test_every_check_has_a_control(self):
        self.assertEqual({row[0] for row in BROKEN}, set(CHECKS))

    def test_an_exception_lets_one_thing_pass_and_needs_a_reason(self):
        files = dict(GOOD)
        files["src/base/text.cc"] += LONG_FUNCTION
        files["tests/arch/exceptions.txt"] = "sizes src/base/text.cc:f it is a table of cases\n"
        self.assertEqual(self.complaints(files, "sizes"), [])
        files["src/base/text.cc"] += LONG_FUNCTION.replace("f()", "another()")
        self.assertTrue(any(":another:" in line for line in self.complaints(files, "sizes")))
        files["tests/arch/exceptions.txt"] = "sizes src/base/text.cc:f\n"
        self.assertTrue(any("needs a reason" in line for line in self.complaints(files, "sizes")))

    def test_the_counter_of_braces_finds_functions_and_only_those(self):
        text = """
            namespace a::b {
            struct alignas(64) X final { int i = 3; X() : i{1}, j_(2) { go(); } bool operator==(const X&) const = default;
                [[nodiscard]] std::string text() const& noexcept { return R"({ " })"; } };
            enum class Colour : int { kRed, kBlue };
            const std::map<int, int> kTable = {{1, 2}, {3, 4}};
            template <typename T = int> auto f(T t, int d = 3) -> std::vector<T> {
                return std::vector<T>{[&](int) { return '{'; }(d)};
            }
            // int g() { }
            bool operator()(int x) { return 1'000 < x; }
            TEST(Suite, Name) {
            }
            }"""
        self.assertEqual([(name, last - first) for name, first, last in functions(text)],
                         [("X", 0), ("text", 0), ("f", 2), ("operator()", 0), ("TEST(Suite, Name)", 1)])


if __name__ == "__main__":
    sys.exit(unittest.main())
