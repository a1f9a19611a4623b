// Rule files with mistakes that nobody thought of: the shipped rules and those of tests/rules/broken, changed at random
// from a seed that does not change. Each loads, or is refused with a place; each within 2 s of CPU time; whatever loads
// is also linted. The loader itself takes 10,000 of them, the program some hundreds, whose exit code is 0, 1 or 3.
//
// TOCSIN_MUTANTS=N makes more of them.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <regex>

#include "config/config.h"
#include "fixtures.h"
#include "lint/lint.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

constexpr double kSecondsMax = 2;
#ifdef __SANITIZE_ADDRESS__
constexpr int kMutants = 400, kRuns = 60;  // not optimised and with a sanitizer it takes ten times as long
#else
constexpr int kMutants = 10'000, kRuns = 300;
#endif

int wanted(int usually) {
    const char* asked = std::getenv("TOCSIN_MUTANTS");
    return asked == nullptr ? usually : std::atoi(asked);
}

double cpu_seconds(int who) {
    rusage used{};
    getrusage(who, &used);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * t.tv_usec; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

/// What authors write, and what YAML makes of it.
constexpr const char* kTokens[] = {"and",
                                   "or",
                                   "not",
                                   "in [",
                                   "matches",
                                   ">=",
                                   "<",
                                   "==",
                                   "overdue",
                                   "threshold.red",
                                   "true",
                                   "5%",
                                   "1h30m",
                                   "30d",
                                   "0s",
                                   "-1",
                                   "1e308",
                                   "9223372036854775807",
                                   "99999999999999999999",
                                   "nan",
                                   "count()",
                                   "distinct(customer)",
                                   "sum(",
                                   "quantile(score, 50%)",
                                   "any(",
                                   " over 7d",
                                   "seen(complaint, 1d)",
                                   "attr(channel)",
                                   "{{ $labels.x }}",
                                   "{{",
                                   "}}",
                                   "$last.id",
                                   "| humanize",
                                   "reReplaceAll \"(\" \"x\"",
                                   "levels: ",
                                   "red: ",
                                   "measures: ",
                                   "expect: ",
                                   "within: ",
                                   "window: calendar month",
                                   "by: [customer]",
                                   "by: [area]",
                                   "on: complaint",
                                   "where: ",
                                   "phases: [",
                                   "overrides: ",
                                   "thresholds_file: t.csv",
                                   "cancel_on",
                                   "due: promised",
                                   "limit: 1",
                                   "interval: 1s",
                                   "dwell: ",
                                   "clear: 70%",
                                   "rollup_areas: [city]",
                                   "status: experimental",
                                   "# tocsin disable no-test",
                                   "- ",
                                   "!!str ",
                                   "&a ",
                                   "*a",
                                   "<<: *a",
                                   "|",
                                   ">",
                                   "'",
                                   "\"",
                                   "\\",
                                   "\t",
                                   "\r",
                                   "---\n",
                                   "...\n",
                                   "? ",
                                   ": ",
                                   "#",
                                   "[",
                                   "]",
                                   "{",
                                   "}",
                                   ",",
                                   "\xef\xbb\xbf",
                                   "\xc3",
                                   "地市",
                                   "%YAML 1.1\n",
                                   "groups:\n- name: g\n"};

class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : engine_(seed) {}

    std::size_t below(std::size_t n) { return n == 0 ? 0 : engine_() % n; }

    /// Mostly one change, so that much still loads; now and then a few hundred.
    std::string changed(std::string text) {
        const std::size_t changes = below(50) == 0 ? 300 : below(3) != 0 ? 1 : 2 + below(5);
        for (std::size_t i = 0; i < changes; ++i) {
            if (below(2) == 0)
                change_bytes(text);
            else
                change_lines(text);
        }
        return text;
    }

private:
    void change_bytes(std::string& text) {
        const std::size_t at = below(text.size());
        switch (below(6)) {
            case 0:
                if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                break;
            case 1:
                text.erase(at, 1 + below(3));
                break;
            case 2:
                if (below(20) == 0) text.erase(at);
                break;
            case 3:
                replace_number(text, at);
                break;
            default:
                text.insert(at, kTokens[below(std::size(kTokens))]);
        }
    }

    /// The next number from there on becomes another one, or a word.
    void replace_number(std::string& text, std::size_t from) {
        const std::size_t begin = text.find_first_of("0123456789", from);
        if (begin == std::string::npos) return;
        const std::size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
        text.replace(begin, end - begin,
                     below(3) == 0 ? kTokens[below(std::size(kTokens))] : std::to_string(below(1000)));
    }

    void change_lines(std::string& text) {
        std::vector<std::string> lines;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) lines.push_back(line);
        if (lines.empty()) return;
        std::string& one = lines[below(lines.size())];
        std::string& other = lines[below(lines.size())];
        switch (below(5)) {
            case 0:
                one = "\x01";
                break;
            case 1:
                one += "\n" + one;
                break;
            case 2:
                std::swap(one, other);
                break;
            case 3:
                exchange_values(one, other);
                break;
            default:
                one.insert(0, below(2) == 0 ? 0 : 2, ' ');
                one.erase(0, below(2) == 0 ? 0 : std::min<std::size_t>(2, one.find_first_not_of(' ')));
        }
        text.clear();
        for (const std::string& line : lines) {
            if (line != "\x01") text += line + "\n";
        }
    }

    static void exchange_values(std::string& one, std::string& other) {
        const std::size_t a = one.find(": "), b = other.find(": ");
        if (&one == &other || a == std::string::npos || b == std::string::npos) return;
        const std::string value = one.substr(a);
        one = one.substr(0, a) + other.substr(b);
        other = other.substr(0, b) + value;
    }

    std::mt19937 engine_;
};

class MutatedRules : public testing::Test {
protected:
    MutatedRules() {
        yaml::Diagnostics diagnostics;
        auto config = config::load_config(kConfig, diagnostics, config::Purpose::kRules);
        EXPECT_TRUE(config.ok()) << diagnostics.text();
        if (config) config_ = std::move(*config);
        // As many mutants of whole files that load as of small ones that do not.
        gather(kRoot / "rules", whole_);
        gather(kRoot / "rules/campaign", whole_);
        gather(kRoot / "tests/rules/broken", broken_);
        EXPECT_GE(whole_.size(), 12u);
        EXPECT_GE(broken_.size(), 100u);
    }

    std::string mutant(int number) const {
        Mutator mutator(static_cast<std::uint32_t>(number));
        const auto& texts = mutator.below(2) == 0 ? whole_ : broken_;
        return mutator.changed(texts[mutator.below(texts.size())]);
    }

    const fs::path kRoot = TOCSIN_SOURCE_DIR;
    const std::string kConfig = kRoot / "deploy/campaign.yml";
    config::Config config_;

private:
    static void gather(const fs::path& folder, std::vector<std::string>& texts) {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".yml") files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());  // the folder has no order, and mutants are told by their numbers
        for (const fs::path& file : files) texts.push_back(text_of(file));
    }

    std::vector<std::string> whole_, broken_;
};

/// What is wrong with what is said about the text; empty: nothing.
std::string fault_of(const std::string& text, const yaml::Position& position, const std::string& message) {
    const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
    if (position.file.empty() || message.empty()) return "something is said without a file or without words";
    if (position.line < 1 || position.col < 1) return "no place is told: " + message;
    if (position.file == "r.yml" && position.line > lines) return "a line that is not there: " + message;
    return "";
}

struct Looked {
    bool loaded = false;
    std::size_t findings = 0;
    std::string fault;  ///< empty: all is as it must be
};

/// What `check rules` does with the text, without its files.
Looked look(const config::Config& config, const std::string& text) {
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", text}};
    std::map<std::string, std::string, std::less<>> tables;
    sources.read = [&](const std::string& path) -> Result<std::string> {
        if (!path.ends_with(".csv")) return reject("cannot read " + path);
        return tables[path] = "area,blue,red\n*,3,9\n";
    };
    sources.calendars = config.calendars;
    const auto rules = rules::load_rules(sources, config.schema, {config.storage.retention}, diagnostics);
    Looked looked{rules.ok(), 0, ""};
    if (rules.ok() == diagnostics.has_errors()) looked.fault = "refused without an error, or accepted with one";
    for (const yaml::Diagnostic& d : diagnostics.sorted()) looked.fault += fault_of(text, d.position, d.message);
    if (!rules) return looked;
    AreaTree areas = config::make_areas(config);
    for (const lint::Finding& f :
         lint::lint({*rules, sources.files, tables, config.schema, areas, config.storage.retention, {}, {}})) {
        ++looked.findings;
        looked.fault += fault_of(text, f.position, f.message);
    }
    return looked;
}

TEST_F(MutatedRules, AreRefusedWithAPlaceOrLoadAndAreLintedAndNoneTakesTwoSeconds) {
    int loaded = 0, found = 0;
    double longest = 0;
    const int mutants = wanted(kMutants);
    for (int number = 0; number < mutants; ++number) {
        const std::string text = mutant(number);
        const double begin = cpu_seconds(RUSAGE_SELF);
        const Looked looked = look(config_, text);
        longest = std::max(longest, cpu_seconds(RUSAGE_SELF) - begin);
        ASSERT_EQ(looked.fault, "") << "mutant " << number << "\n" << text;
        ASSERT_LT(longest, kSecondsMax) << "mutant " << number << "\n" << text;
        loaded += looked.loaded ? 1 : 0;
        found += looked.findings > 0 ? 1 : 0;
    }
    std::cout << mutants << " mutants: " << loaded << " load, of which " << found << " have findings; the longest took "
              << longest << " s\n";
    EXPECT_GT(loaded, mutants / 20) << "mutants must get past the first mistake";
    EXPECT_GT(found, 0);
    EXPECT_LT(loaded, mutants * 19 / 20) << "mutants must be mistakes";
}

TEST_F(MutatedRules, EndTheProgramWithCodeZeroOneOrThreeAndItSaysWhere) {
    const Scratch scratch;
    std::map<int, int> codes;
    for (int number = 0; number < wanted(kRuns); ++number) {
        const std::string text = mutant(number);
        const std::string file = scratch.write("r.yml", text);
        scratch.write("t.csv", "area,blue,red\n*,3,9\n");
        const double begin = cpu_seconds(RUSAGE_CHILDREN);
        std::vector<std::string> words = {"check", "rules", "--config.file=" + kConfig, file};
        if (number % 2 == 0) words.emplace_back("--lint-fatal");
        const Ran ran = tocsin(words);
        ASSERT_LT(cpu_seconds(RUSAGE_CHILDREN) - begin, kSecondsMax) << "mutant " << number << "\n" << text;
        ++codes[ran.code];
        ASSERT_TRUE(ran.code == 0 || ran.code == 1 || ran.code == 3) << "mutant " << number << "\n" << text << ran.err;
        if (ran.code == 0) continue;
        static const std::regex place(R"((^|\n)[^\n]*\.(yml|csv):[1-9][0-9]*:[1-9][0-9]*: )");
        ASSERT_TRUE(std::regex_search(ran.err, place)) << "mutant " << number << "\n" << text << ran.err;
    }
    std::cout << "exit codes:";
    for (const auto& [code, runs] : codes) std::cout << " " << code << " (" << runs << " times)";
    std::cout << "\n";
    for (const int code : {0, 1, 3}) EXPECT_GT(codes[code], 0) << code;
}

}  // namespace
}  // namespace tocsin::app
