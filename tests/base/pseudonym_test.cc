#include "base/pseudonym.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class PseudonymTest : public testing::Test {
protected:
    void SetUp() override {
        file_ = fs::temp_directory_path() / ("tocsin-key-" + std::to_string(std::random_device{}()));
    }
    void TearDown() override { fs::remove(file_); }
    void write(const std::string& key, fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) const {
        std::ofstream(file_) << key;
        fs::permissions(file_, mode);
    }
    std::string refusal() const {
        const auto made = Pseudonymizer::from_file(file_);
        return made.ok() ? "accepted" : made.error().message;
    }
    fs::path file_;
};

// Computed independently, with Python's hmac and base64: notices already sent name people this way.
TEST_F(PseudonymTest, IsTheKeyedHashOfTheNumber) {
    EXPECT_EQ(Pseudonymizer::fixed()('c', "13900000001"), "c-dm7vqydiojcuba2t5spg");
    EXPECT_EQ(Pseudonymizer::fixed()('s', "13900000001"), "s-dm7vqydiojcuba2t5spg");
    EXPECT_NE(Pseudonymizer::fixed()('c', "13900000002"), "c-dm7vqydiojcuba2t5spg");
}

TEST_F(PseudonymTest, TheKeyIsTheFileWithoutItsLineBreak) {
    write("tocsin: not a secret\n");
    const auto made = Pseudonymizer::from_file(file_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ((*made)('c', "13900000001"), Pseudonymizer::fixed()('c', "13900000001"));
    write("another key, long enough");
    EXPECT_NE((*Pseudonymizer::from_file(file_))('c', "13900000001"), "c-dm7vqydiojcuba2t5spg");
}

TEST_F(PseudonymTest, ABadKeyIsRefusedWithTheRemedy) {
    EXPECT_NE(refusal().find("cannot be read"), std::string::npos);
    write("fifteen bytes..\n");
    EXPECT_NE(refusal().find("the key has 15 bytes, at least 16 are needed; make one with"), std::string::npos)
        << refusal();
    write("sixteen bytes...", fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
    EXPECT_NE(refusal().find("everyone on this machine can read the key; run: chmod 0640"), std::string::npos)
        << refusal();
    write("sixteen bytes...", fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
    EXPECT_EQ(refusal(), "accepted");
}

TEST(EpisodeId, IsMadeOfRuleSubjectOpeningAndNumber) {
    EXPECT_EQ(episode_id("Three", {"c-x"}, "e1", 0), "pjd5eifh774anplkqpjsxllb72") << "computed with Python's hashlib";
    EXPECT_EQ(episode_id("Three", {"c-x"}, "e1", 1), "5klugsle6l3r3feevrpc72m3nm");
    EXPECT_NE(episode_id("Three", {"c-", "x"}, "e1", 0), episode_id("Three", {"c-x"}, "e1", 0))
        << "parts do not run into each other";
    EXPECT_NE(episode_id("Threec", {"-x"}, "e1", 0), episode_id("Three", {"c-x"}, "e1", 0));
}

}  // namespace
}  // namespace tocsin
