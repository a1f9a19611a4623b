/// Test files: what is refused, and that the keys of `tocsin schema test` are those the reader asks for.
///
/// broken_tests/NAME.yml must be refused with exactly the words of NAME.expected. TOCSIN_UPDATE_EXPECTED=1 writes them
/// anew; read the difference before it goes in.
#include "app/test_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../yaml/tables.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(TOCSIN_SOURCE_DIR) / "tests/app/broken_tests";

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

std::string without(std::string text, const std::string& part) {
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos;) text.erase(at, part.size());
    return text;
}

TEST(BrokenTests, EachIsRefusedInItsOwnWords) {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(kFolder)) {
        if (entry.path().extension() != ".yml") continue;
        ++files;
        yaml::Diagnostics diagnostics;
        const auto loaded = load_test_file(entry.path(), diagnostics);
        EXPECT_NE(loaded.has_value(), diagnostics.has_errors()) << entry.path();
        const std::string said = loaded ? "accepted" : without(diagnostics.text(), kFolder.string() + "/");
        const fs::path expected = fs::path(entry.path()).replace_extension(".expected");
        if (std::getenv("TOCSIN_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
        EXPECT_EQ(said, text_of(expected)) << entry.path().filename();
        EXPECT_NE(said, "accepted") << entry.path().filename();
    }
    EXPECT_GE(files, 65u);
}

TEST(TestKeys, AreWhatTheReaderAsksFor) {
    yaml::AskedKeys asked;
    std::vector<fs::path> files;
    for (const char* folder : {"rules/tests", "tests/app/broken_tests", "tests/app/failing_tests"}) {
        for (const auto& entry : fs::directory_iterator(fs::path(TOCSIN_SOURCE_DIR) / folder)) {
            if (entry.path().extension() == ".yml" && entry.path().filename() != "rules.yml")
                files.push_back(entry.path());
        }
    }
    for (const fs::path& file : files) {
        yaml::Diagnostics diagnostics;
        asked.listen(diagnostics, file);
        static_cast<void>(load_test_file(file, diagnostics));
    }
    EXPECT_EQ(asked.differences(test_tables()), std::vector<std::string>());
}

}  // namespace
}  // namespace tocsin::app
