#include "base/files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <vector>

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tocsin-files-" + std::to_string(std::random_device{}()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path write(const std::string& bytes) const {
        std::ofstream(folder_ / "f", std::ios::binary) << bytes;
        return folder_ / "f";
    }
    static std::vector<std::string> lines(const fs::path& file, std::string& problem) {
        auto reader = LineReader::open(file);
        std::vector<std::string> all;
        if (!reader) {
            problem = reader.error().message;
            return all;
        }
        for (std::string line; reader->next(line);) all.push_back(line);
        problem = reader->status().ok() ? "" : reader->status().error().message;
        return all;
    }
    fs::path folder_;
};

using Lines = std::vector<std::string>;
// gzip of "one\ntwo\n", as the program of that name writes it.
const std::string kGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcf\x4b\xe5\x2a\x29\xcf\xe7\x02\x00\xe6\x0b\xba\x12\x08\x00\x00\x00",
    28);

TEST_F(FilesTest, AWholeFileUpToItsLimit) {
    EXPECT_EQ(*read_file(write("0123456789"), 10), "0123456789");
    const auto long_one = read_file(write("0123456789"), 9);
    ASSERT_FALSE(long_one.ok());
    EXPECT_NE(long_one.error().message.find("longer than 9 bytes"), std::string::npos);
    EXPECT_NE(read_file(folder_ / "none", 9).error().message.find("cannot be read: No such file"), std::string::npos);
    EXPECT_NE(read_file(folder_, 9).error().message.find("it is a directory"), std::string::npos);
}

TEST_F(FilesTest, LinesWithAndWithoutALastLineBreak) {
    std::string problem;
    EXPECT_EQ(lines(write("a\n\nb\n"), problem), (Lines{"a", "", "b"}));
    EXPECT_EQ(lines(write("a\nb"), problem), (Lines{"a", "b"}));
    EXPECT_EQ(lines(write(""), problem), Lines{});
    EXPECT_EQ(problem, "");
}

TEST_F(FilesTest, ALineLongerThanTheBufferStaysWhole) {
    std::string problem;
    const std::string wide(1 << 20, 'x');
    EXPECT_EQ(lines(write(wide + "\nnext\n"), problem), (Lines{wide, "next"}));
}

TEST_F(FilesTest, ALineBeyondTheLimitIsAnError) {
    std::string problem;
    EXPECT_TRUE(lines(write(std::string(LineReader::kLineBytesMax + 1, 'x')), problem).empty());
    EXPECT_NE(problem.find("a line is longer than 16777216 bytes"), std::string::npos) << problem;
}

TEST_F(FilesTest, ArchivesAreReadAsTheirText) {
    std::string problem;
    EXPECT_EQ(lines(write(kGzip), problem), (Lines{"one", "two"})) << problem;
    EXPECT_EQ(problem, "");
}

TEST_F(FilesTest, ADamagedArchiveIsNotTakenForItsEnd) {
    std::string problem;
    for (std::size_t n = 11; n < kGzip.size(); ++n) {
        lines(write(kGzip.substr(0, n)), problem);
        EXPECT_NE(problem.find("cannot be read on"), std::string::npos) << n << " bytes of " << kGzip.size();
    }
    std::string flipped = kGzip;
    flipped[20] = static_cast<char>(flipped[20] ^ 1);
    lines(write(flipped), problem);
    EXPECT_NE(problem, "");
}

TEST_F(FilesTest, WhatIsNotThereIsToldAtOnce) {
    std::string problem;
    lines(folder_ / "none", problem);
    EXPECT_NE(problem.find("none: cannot be read: No such file"), std::string::npos) << problem;
}

}  // namespace
}  // namespace tocsin
