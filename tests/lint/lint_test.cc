// Each check has a folder: found*.yml have what it looks for, with exactly the words of found*.expected and nothing
// else to find; in clean*.yml nothing is found at all. Where a message was reworded on purpose,
// TOCSIN_UPDATE_EXPECTED=1 writes them anew; read the difference before it goes in.
//
// A first line `# tested: A, B` names the rules that tests ask about (without it: all), `# openings: A=100` says what
// two weeks of history gave, of which a rule may open 20 times a week, `# begins: A B` that a phases_file of the four
// phases begins these.
#include "lint/lint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/phases.h"

namespace tocsin::lint {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(TOCSIN_SOURCE_DIR) / "tests/lint";

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

/// What stands behind `# name:` in the first line, or nothing.
std::optional<std::string> header(const std::string& text, const std::string& name) {
    const std::string mark = "# " + name + ":";
    if (!text.starts_with(mark)) return std::nullopt;
    return text.substr(mark.size(), text.find('\n') - mark.size());
}

struct Linted {
    std::string said;
    std::set<std::string> checks;
};

Linted lint_file(const fs::path& file) {
    const rules::RuleFile source{file.filename(), text_of(file)};
    rules::RuleSources sources;
    sources.files = {source};
    std::map<std::string, std::string, std::less<>> tables;
    sources.read = [&](const std::string& name) -> Result<std::string> {
        return tables[name] = text_of(file.parent_path() / name);
    };
    if (const auto begun = header(source.text, "begins")) {
        auto plan = std::make_shared<PhasePlan>();
        plan->names = {"reminder", "suspension", "supplement", "cancellation"};
        std::istringstream words(*begun);
        for (std::string phase; words >> phase;) plan->areas[""].push_back({Instant(), phase});
        sources.phases = plan;
    }
    yaml::Diagnostics diagnostics;
    const EventSchema schema = EventSchema::builtin();
    const auto rules = load_rules(sources, schema, {}, diagnostics);
    EXPECT_TRUE(rules.ok()) << file << ": " << diagnostics.text();
    if (!rules) return {};
    std::set<std::string, std::less<>> tested;
    const auto only = header(source.text, "tested");
    for (const Rule& rule : rules->rules) {
        if (!only || only->find(rule.name) != std::string::npos) tested.insert(rule.name);
    }
    std::optional<History> history;
    if (const auto openings = header(source.text, "openings")) {
        const std::size_t equals = openings->find('=');
        history = History{2, {{openings->substr(1, equals - 1), std::stod(openings->substr(equals + 1))}}, 20};
    }
    AreaTree areas;
    Linted linted;
    yaml::Diagnostics found;
    found.add_source(source.path, std::make_shared<const std::string>(source.text));
    for (const auto& [path, text] : tables) found.add_source(path, std::make_shared<const std::string>(text));
    for (const Finding& f :
         lint({*rules, sources.files, tables, schema, areas, std::chrono::days(400), tested, history})) {
        found.warning(f.position, f.check + ": " + f.message);
        linted.checks.insert(f.check);
    }
    linted.said = found.text();
    return linted;
}

TEST(Lint, EachCheckFindsWhatItLooksForAndNothingElse) {
    for (const Check& check : checks()) {
        std::size_t with = 0, without = 0;
        const fs::path folder = kFolder / check.name;
        ASSERT_TRUE(fs::is_directory(folder)) << check.name << " has no examples";
        for (const auto& entry : fs::directory_iterator(folder)) {
            const fs::path& file = entry.path();
            if (file.extension() != ".yml") continue;
            const Linted linted = lint_file(file);
            if (file.filename().string().starts_with("clean")) {
                ++without;
                EXPECT_EQ(linted.said, "") << file;
                continue;
            }
            ++with;
            const fs::path expected = fs::path(file).replace_extension(".expected");
            if (std::getenv("TOCSIN_UPDATE_EXPECTED") != nullptr)
                std::ofstream(expected, std::ios::binary) << linted.said;
            EXPECT_EQ(linted.said, text_of(expected)) << file;
            EXPECT_EQ(linted.checks, std::set<std::string>{std::string(check.name)}) << file;
        }
        EXPECT_GE(with, 1u) << check.name;
        EXPECT_GE(without, 1u) << check.name;
    }
}

TEST(Lint, EveryFolderIsOfACheck) {
    for (const auto& entry : fs::directory_iterator(kFolder)) {
        if (!entry.is_directory()) continue;
        const std::string name = entry.path().filename();
        EXPECT_TRUE(std::any_of(checks().begin(), checks().end(), [&](const Check& c) { return c.name == name; }))
            << name;
    }
}

TEST(Lint, EveryCheckIsHiddenByACommentOnItsRule) {
    for (const Check& check : checks()) {
        if (check.name == "unused-comment") continue;  // the comment would be the finding
        const std::string text = text_of(kFolder / check.name / "found.yml");
        // Above the first rule of the last group; duplicate-rule is told of the second.
        const std::size_t at = text.rfind("      - alert:");
        const fs::path file = fs::temp_directory_path() / ("tocsin-lint-" + std::to_string(::getpid())) / "hidden.yml";
        fs::create_directories(file.parent_path());
        if (fs::exists(kFolder / check.name / "t.csv"))
            fs::copy_file(kFolder / check.name / "t.csv", file.parent_path() / "t.csv",
                          fs::copy_options::overwrite_existing);
        std::ofstream(file) << text.substr(0, at) << "      # tocsin disable " << check.name << "\n" << text.substr(at);
        EXPECT_EQ(lint_file(file).said, "") << check.name;
        fs::remove_all(file.parent_path());
    }
}

TEST(Extents, AreTheRulesWithTheirCommentsAndTheirGroupsLabels) {
    const rules::RuleFile file{"rules/a.yml",
                               "groups:\n  - name: g\n    labels: {team: t}\n    thresholds_file: t.csv\n    rules:\n  "
                               "    # about A\n      - alert: A\n"
                               "        on: complaint\n\n      # about B\n      - alert: B\n  # a group\n  - name: h\n "
                               "   rules:\n      - alert: C\n"};
    const auto found = extents(file);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].text, "team=t\n      # about A\n      - alert: A\n        on: complaint\n\n");
    EXPECT_EQ(found[1].text, "team=t\n      # about B\n      - alert: B\n");
    EXPECT_EQ(found[2].text, "      - alert: C\n");
    EXPECT_EQ(found[0].table, "rules/t.csv");
    EXPECT_EQ(found[2].table, "");
    EXPECT_TRUE(extents({"x", "groups: 7"}).empty());
    EXPECT_TRUE(extents({"x", "{"}).empty());
}

}  // namespace
}  // namespace tocsin::lint
