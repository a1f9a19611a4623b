// JSONTestSuite, each file alone and as the value of a field that nothing reads; RFC 3339's cases as the time.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "fixtures.h"

namespace tocsin::decode {
namespace {

std::string wrapped(const std::string& value) {
    return R"({"id":"1","ts":"2016-01-01T00:00:00Z","customer":"c","region":"r","x":)" + value + "}";
}

/// By file name: contents.
std::map<std::string, std::string> suite_files(const std::filesystem::path& folder, char group) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (name[0] == group) files[name] = read_whole(entry.path());
    }
    return files;
}

class JsonSuite : public ::testing::Test {
protected:
    std::optional<std::filesystem::path> folder_ = shared_data("data/conformance/jsontestsuite/test_parsing");
    Decoder decoder_ = make_decoder(complaint_mapping());
};

TEST_F(JsonSuite, BareInvalidTextIsRefusedAsInvalid) {
    if (!folder_) return;
    const auto files = suite_files(*folder_, 'n');
    EXPECT_EQ(files.size(), 188u);
    const std::set<std::string> empty = {"n_single_space.json", "n_structure_no_data.json"};
    for (const auto& [name, text] : files) {
        const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
        EXPECT_EQ(blank, empty.count(name) == 1) << name;
        EXPECT_EQ(verdict(decoder_, text), blank ? "empty" : "json_invalid") << name;
    }
}

TEST_F(JsonSuite, WrappedInvalidTextIsRefusedAsInvalid) {
    if (!folder_) return;
    for (const auto& [name, text] : suite_files(*folder_, 'n')) {
        EXPECT_EQ(verdict(decoder_, wrapped(text)), "json_invalid") << name;
    }
}

TEST_F(JsonSuite, WrappedValidTextIsCounted) {
    if (!folder_) return;
    const auto files = suite_files(*folder_, 'y');
    EXPECT_EQ(files.size(), 95u);
    for (const auto& [name, text] : files) EXPECT_EQ(verdict(decoder_, wrapped(text)), "counted") << name;
}

TEST_F(JsonSuite, BareValidTextIsNotCalledInvalid) {
    if (!folder_) return;
    for (const auto& [name, text] : suite_files(*folder_, 'y')) {
        const std::string expected = text[text.find_first_not_of(" \t\r\n")] == '{' ? "time_missing" : "not_an_object";
        EXPECT_EQ(verdict(decoder_, text), expected) << name;
    }
}

// docs/input_formats.md prints this table.
TEST_F(JsonSuite, UndefinedCasesGoAsDocumented) {
    if (!folder_) return;
    const std::set<std::string> counted = {"i_number_double_huge_neg_exp.json", "i_number_real_underflow.json",
                                           "i_structure_500_nested_arrays.json"};
    const auto files = suite_files(*folder_, 'i');
    EXPECT_EQ(files.size(), 35u);
    for (const auto& [name, text] : files) {
        EXPECT_EQ(verdict(decoder_, wrapped(text)), counted.count(name) == 1 ? "counted" : "json_invalid") << name;
    }
    // A byte order mark is skipped at the very beginning of a record, and nowhere else.
    EXPECT_EQ(verdict(decoder_, files.at("i_structure_UTF-8_BOM_empty_object.json")), "time_missing");
}

TEST_F(JsonSuite, TransformFilesNeverCrash) {
    const auto folder = shared_data("data/conformance/jsontestsuite/test_transform");
    if (!folder) return;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
        ++files;
        const std::string text = read_whole(entry.path());
        EXPECT_NE(verdict(decoder_, wrapped(text)), "") << entry.path();
    }
    EXPECT_EQ(files, 22);
}

TEST(Rfc3339Suite, TimeIsAcceptedExactlyWhereTheSuiteSaysSo) {
    const auto folder = shared_data("data/conformance/rfc3339");
    if (!folder) return;
    const auto groups = nlohmann::json::parse(read_whole(*folder / "date-time.json"));
    Decoder decoder = make_decoder(complaint_mapping());
    int strings = 0;
    for (const auto& test : groups[0]["tests"]) {
        if (!test["data"].is_string()) continue;  // the suite's schemas pass over other types
        ++strings;
        const std::string record = nlohmann::json{{"id", "1"}, {"ts", test["data"]}}.dump();
        EXPECT_EQ(verdict(decoder, record), test["valid"] == true ? "counted" : "time_invalid") << test["description"];
    }
    EXPECT_EQ(strings, 27);
}

}  // namespace
}  // namespace tocsin::decode
