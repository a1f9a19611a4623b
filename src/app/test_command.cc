#include <algorithm>
#include <fstream>
#include <iostream>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "app/test_run.h"
#include "rules/pattern.h"

namespace tocsin::app {
namespace {

struct FileOutcome {
    std::string path;
    std::string broken;  ///< why it could not be read; empty: it was
    std::vector<TestOutcome> tests;
};

/// XML 1.0 takes no control characters but tab and line breaks.
std::string xml(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
            out.push_back(c);
    }
    return out;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += part;
    return out;
}

std::size_t failed_of(const FileOutcome& file) {
    const auto failed =
        std::count_if(file.tests.begin(), file.tests.end(), [](const TestOutcome& t) { return !t.failures.empty(); });
    return static_cast<std::size_t>(failed);
}

/// One suite for each file; one that could not be read has one test, which is in error.
std::string junit(const std::vector<FileOutcome>& files) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const FileOutcome& file : files) {
        const std::string name = xml(file.path);
        const std::size_t tests = file.broken.empty() ? file.tests.size() : 1;
        out += "  <testsuite name=\"" + name + "\" tests=\"" + std::to_string(tests) + "\" failures=\"" +
               std::to_string(failed_of(file)) + "\" errors=\"" + (file.broken.empty() ? "0" : "1") + "\">\n";
        if (!file.broken.empty())
            out += "    <testcase classname=\"" + name +
                   "\" name=\"(the file)\"><error message=\"it cannot be read\">" + xml(file.broken) +
                   "</error></testcase>\n";
        for (const TestOutcome& test : file.tests) {
            out += "    <testcase classname=\"" + name + "\" name=\"" + xml(test.name) + "\" file=\"" + name +
                   "\" line=\"" + std::to_string(test.line) + "\" time=\"" + std::to_string(test.seconds) + "\"";
            out += test.failures.empty() ? "/>\n"
                                         : "><failure message=\"not as expected\">" + xml(joined(test.failures)) +
                                               "</failure></testcase>\n";
        }
        out += "  </testsuite>\n";
    }
    return out + "</testsuites>\n";
}

void print(const FileOutcome& file) {
    for (const TestOutcome& test : file.tests) {
        if (!test.failures.empty())
            std::cout << "  FAILED: " << test.name << " (" << file.path << ":" << test.line << ")\n"
                      << joined(test.failures);
    }
    if (file.broken.empty())
        std::cout << file.path << ": " << file.tests.size() - failed_of(file) << " of " << file.tests.size()
                  << " tests passed\n";
}

class Session {
public:
    Session(const TestArguments& arguments, rules::Pattern chosen)
        : arguments_(arguments), chosen_(std::move(chosen)) {}

    int run() {
        bool all = true;
        std::size_t ran = 0;
        for (const std::string& path : test_files(arguments_.files)) {
            files_.push_back(run_file(path));
            print(files_.back());
            ran += files_.back().tests.size();
            all = all && files_.back().broken.empty() && failed_of(files_.back()) == 0;
        }
        if (all && ran == 0) {
            complain(arguments_.run.empty() ? "there are no tests in these files"
                                            : "no test has a name that fits --run=" + arguments_.run);
            all = false;
        }
        // A part of the tests says nothing about what all of them reach.
        if (arguments_.run.empty()) print_coverage();
        return write_junit() && all ? kExitOk : kExitFailed;
    }

private:
    FileOutcome run_file(const std::string& path) {
        FileOutcome outcome{path, {}, {}};
        yaml::Diagnostics diagnostics;
        const auto file = load_test_file(path, diagnostics);
        std::cerr << diagnostics.text();
        if (!file) {
            outcome.broken = diagnostics.text();
            return outcome;
        }
        coverage_.add(*file->rules);
        const Golden golden = arguments_.update_golden ? Golden::kUpdate : Golden::kCompare;
        for (const RuleTest& test : file->tests) {
            if (chosen_ == nullptr || rules::is_found(*chosen_, test.name))
                outcome.tests.push_back(run_test(*file, test, golden, coverage_));
        }
        return outcome;
    }

    void print_coverage() const {
        const std::vector<std::string> missing = coverage_.missing();
        for (const std::string& line : missing) std::cout << line << "\n";
        if (coverage_.levels() > 0)
            std::cout << "coverage: " << coverage_.levels() - missing.size() << " of " << coverage_.levels()
                      << " levels\n";
    }

    [[nodiscard]] bool write_junit() const {
        if (arguments_.junit.empty()) return true;
        std::ofstream file(arguments_.junit, std::ios::binary | std::ios::trunc);
        file << junit(files_);
        if (file.flush()) return true;
        complain("--junit: " + arguments_.junit + " cannot be written");
        return false;
    }

    const TestArguments& arguments_;
    rules::Pattern chosen_;
    std::vector<FileOutcome> files_;
    Coverage coverage_;
};

}  // namespace

int test_rules(const TestArguments& arguments) {
    rules::Pattern chosen;
    if (!arguments.run.empty()) {
        std::string problem;
        chosen = rules::compile_pattern(arguments.run, rules::Captures::kNone, problem);
        if (chosen == nullptr) {
            complain("--run: " + problem);
            return kExitUsage;
        }
    }
    return Session(arguments, std::move(chosen)).run();
}

int check_tests(const std::vector<std::string>& files) {
    bool all = true;
    for (const std::string& path : test_files(files)) {
        yaml::Diagnostics diagnostics;
        const auto file = load_test_file(path, diagnostics);
        std::cerr << diagnostics.text();
        if (file) std::cout << path << ": ok, " << file->tests.size() << " tests\n";
        all = all && file;
    }
    return all ? kExitOk : kExitFailed;
}

}  // namespace tocsin::app
