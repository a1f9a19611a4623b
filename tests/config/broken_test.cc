// Each file of tests/config/broken is wrong on purpose; beside it lies what a person is told, to the last character.
// TOCSIN_UPDATE_EXPECTED=1 writes those words anew: read the difference before it goes in.
// Files whose name begins with run_ are loaded as `run` would, all others as `replay` would.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/files.h"
#include "config/config.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;

/// Messages name files as they were given: from within the folder they are the same on every machine.
class Broken : public testing::Test {
protected:
    void SetUp() override { fs::current_path(TOCSIN_SOURCE_DIR "/tests/config/broken"); }
    void TearDown() override { fs::current_path(before_); }
    fs::path before_ = fs::current_path();
};

std::set<std::string> files(const std::string& extension) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator("."))
        if (entry.path().extension() == extension) names.insert(entry.path().stem().string());
    return names;
}

TEST_F(Broken, FilesSayWhatIsWrongWhereAndWhatToDo) {
    const auto names = files(".yml");
    EXPECT_GE(names.size(), 80U);
    for (const std::string& name : names) {
        yaml::Diagnostics diagnostics;
        const auto purpose = name.starts_with("run_") ? Purpose::kRun : Purpose::kReplay;
        const auto config = load_config(name + ".yml", diagnostics, purpose);
        ASSERT_FALSE(config.ok()) << name;
        EXPECT_EQ(config.error().kind, ErrorKind::kReject);
        EXPECT_EQ(config.error().message, diagnostics.summary());
        if (std::getenv("TOCSIN_UPDATE_EXPECTED") != nullptr) std::ofstream(name + ".expected") << diagnostics.text();
        const auto expected = read_file(name + ".expected", 1 << 20);
        ASSERT_TRUE(expected.ok()) << expected.error().message;
        EXPECT_EQ(diagnostics.text(), *expected) << name;
    }
}

TEST_F(Broken, EveryExpectationBelongsToAFile) {
    EXPECT_EQ(files(".expected"), files(".yml"));
}

TEST_F(Broken, NoMessageShowsASecret) {
    for (const std::string& name : files(".yml")) {
        yaml::Diagnostics diagnostics;
        EXPECT_FALSE(load_config(name + ".yml", diagnostics, Purpose::kRun).ok());
        for (const std::string secret : {"hunter2", "not a real one", "user:pw", "whsec_abc", "0123456789abcdef"})
            EXPECT_EQ(diagnostics.text().find(secret), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace tocsin::config
