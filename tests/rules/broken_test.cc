// broken/NAME.yml must be refused with exactly the words of broken/NAME.expected: all of them, with places and carets.
// Where a message was reworded on purpose, TOCSIN_UPDATE_EXPECTED=1 writes them anew; read the difference before it
// goes in.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/calendar.h"
#include "base/phases.h"
#include "fixtures.h"

namespace tocsin::rules {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// What an author would read on stderr; "accepted" if there is nothing to complain about.
std::string complaint(const fs::path& file) {
    RuleSources sources;
    sources.files = {{file.filename().string(), text_of(file)}};
    sources.read = [&file](const std::string& name) -> Result<std::string> {
        const fs::path table = file.parent_path() / name;
        if (!fs::exists(table)) return reject("cannot read " + name);
        return text_of(table);
    };
    auto cn = std::make_shared<Calendar>();
    cn->name = "cn";
    cn->years[2016] = false;
    sources.calendars = {cn};
    auto plan = std::make_shared<PhasePlan>();
    plan->names = {"reminder", "suspension", "supplement"};
    if (!file.filename().string().starts_with("phases_without_file")) sources.phases = plan;
    yaml::Diagnostics diagnostics;
    const auto set = load_rules(sources, EventSchema::builtin(), {}, diagnostics);
    EXPECT_NE(set.ok(), diagnostics.has_errors()) << file;
    return set.ok() ? "accepted" : diagnostics.text();
}

TEST(BrokenRules, EachIsRefusedInItsOwnWords) {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(TOCSIN_SOURCE_DIR) / "tests/rules/broken")) {
        if (entry.path().extension() != ".yml") continue;
        ++files;
        const fs::path expected = fs::path(entry.path()).replace_extension(".expected");
        const std::string said = complaint(entry.path());
        if (std::getenv("TOCSIN_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
        EXPECT_EQ(said, text_of(expected)) << entry.path().filename();
        EXPECT_NE(said, "accepted") << entry.path().filename();
    }
    EXPECT_GE(files, 250u);
}

}  // namespace
}  // namespace tocsin::rules
