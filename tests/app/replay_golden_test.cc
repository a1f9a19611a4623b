// tests/app/replay/NAME: `tocsin replay` over its events gives exactly the lines of expected.ndjson.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fixtures.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

TEST(ReplayGolden, EachStoryIsToldInItsOwnWords) {
    std::size_t stories = 0;
    for (const auto& entry : fs::directory_iterator(TOCSIN_SOURCE_DIR "/tests/app/replay")) {
        const fs::path folder = entry.path();
        std::vector<std::string> words = {"replay",
                                          "--config.file",
                                          (folder / "tocsin.yml").string(),
                                          "--events",
                                          (folder / "events.jsonl").string(),
                                          "--show-subjects"};
        std::istringstream more(text_of(folder / "arguments"));
        for (std::string word; more >> word;) words.push_back(word);
        const Ran ran = tocsin(words);
        EXPECT_EQ(ran.code, 0) << ran.err;
        EXPECT_EQ(ran.out, text_of(folder / "expected.ndjson")) << folder;
        ++stories;
    }
    EXPECT_GE(stories, 2u);
}

}  // namespace
}  // namespace tocsin::app
