#pragma once
/// What the tests of this module share: a folder of their own, and loading a text in it.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.h"

namespace tocsin::config {

/// A new folder that is gone afterwards.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "tocsin-config-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    /// Writes a file that only its owner may read; answers its path.
    std::string write(const std::string& name, const std::string& text) const {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        return file.string();
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

    /// What is said about a text as tocsin.yml in this folder, without the folder's name; empty: nothing.
    [[nodiscard]] std::string complaints(const std::string& text, Purpose purpose) const {
        yaml::Diagnostics diagnostics;
        const auto config = load_config(write("tocsin.yml", text), diagnostics, purpose);
        EXPECT_NE(config.ok(), diagnostics.has_errors());
        std::string said = diagnostics.summary();
        for (std::size_t at = said.find(path_.string()); at != std::string::npos; at = said.find(path_.string()))
            said.erase(at, path_.string().size() + 1);
        return said;
    }

    /// The configuration of a text that must be accepted.
    [[nodiscard]] Config loaded(const std::string& text, Purpose purpose = Purpose::kReplay) const {
        yaml::Diagnostics diagnostics;
        auto config = load_config(write("tocsin.yml", text), diagnostics, purpose);
        EXPECT_TRUE(config.ok()) << diagnostics.text();
        return std::move(config).value();
    }

private:
    std::filesystem::path path_;
};

inline const std::string kTopics = "kafka:\n  brokers: localhost:9092\n  topics: [{name: cs, event: complaint}]\n";

}  // namespace tocsin::config
