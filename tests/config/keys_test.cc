// The tables of keys that `tocsin schema config` is made of are what the loader asks for: no more, no less.
#include "config/keys.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "../yaml/tables.h"
#include "config/config.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;

TEST(ConfigKeys, AreWhatTheLoaderAsksFor) {
    yaml::AskedKeys asked;
    std::vector<std::string> files = {TOCSIN_SOURCE_DIR "/deploy/tocsin.yml"};
    for (const char* folder : {"tests/config/good", "tests/config/broken"}) {
        for (const auto& entry : fs::directory_iterator(fs::path(TOCSIN_SOURCE_DIR) / folder)) {
            if (entry.path().extension() == ".yml") files.push_back(entry.path());
        }
    }
    for (const std::string& file : files) {
        if (file.ends_with("/events.yml") || file.ends_with("/calendars.yml") || file.ends_with("/phases.yml"))
            continue;  // files with keys of their own
        yaml::Diagnostics diagnostics;
        asked.listen(diagnostics, file);
        static_cast<void>(load_config(file, diagnostics, Purpose::kRun));
    }
    EXPECT_EQ(asked.differences(config_tables()), std::vector<std::string>());
}

}  // namespace
}  // namespace tocsin::config
