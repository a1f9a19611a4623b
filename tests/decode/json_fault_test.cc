// The grammar reader against a table of positions and against the conformance files.
#include "decode/json_fault.h"

#include <string>

#include "fixtures.h"

namespace tocsin::decode {
namespace {

struct Case {
    std::string text;
    std::size_t position;
    std::string expected;
};

TEST(JsonFault, NamesTheFirstByteAtFault) {
    const Case cases[] = {
        {"", 0, "a value"},
        {"{", 1, "a name in double quotes"},
        {R"({"a")", 4, "':'"},
        {R"({"a":})", 5, "a value"},
        {R"({"a":1,})", 7, "a name in double quotes"},
        {R"({"a":1 "b":2})", 7, "',' or '}'"},
        {R"({"a":1]})", 6, "',' or '}'"},
        {"[1,]", 3, "a value"},
        {"[1 2]", 3, "',' or ']'"},
        {"[[1]", 4, "',' or ']'"},
        {"{} {}", 3, "the end of the record"},
        {"tru", 3, "true, false or null"},
        {"nulL", 3, "true, false or null"},
        {"NaN", 0, "a value"},
        {"+1", 0, "a value"},
        {"-", 1, "a digit"},
        {"01", 1, "a number without leading zero"},
        {"1.", 2, "a digit"},
        {"1.e1", 2, "a digit"},
        {"1e+", 3, "a digit"},
        {"\"abc", 4, "the closing double quote"},
        {"\"a\tb\"", 2, "an escaped control character"},
        {R"("\x")", 1, "an escape that JSON knows"},
        {R"("\)", 1, "an escape that JSON knows"},
        {R"("\u12G4")", 1, "four hexadecimal digits"},
        {R"("\ud800")", 1, "a pair of surrogates"},
        {R"("\ud800\u0041")", 1, "a pair of surrogates"},
        {R"("\udc00")", 1, "a pair of surrogates"},
        {"\"\xC0\xAF\"", 1, "UTF-8"},
        {"\"\xE0\x80\x80\"", 1, "UTF-8"},
        {"\"\xED\xA0\x80\"", 1, "UTF-8"},
        {"\"\xF4\x90\x80\x80\"", 1, "UTF-8"},
        {"\"\xF0\x80\x80\x80\"", 1, "UTF-8"},
        {"\"\xE4\xBD", 1, "UTF-8"},
        {"\"\xFF\"", 1, "UTF-8"},
    };
    for (const Case& each : cases) {
        const auto fault = find_json_fault(each.text);
        ASSERT_TRUE(fault.has_value()) << each.text;
        EXPECT_EQ(fault->position, each.position) << each.text;
        EXPECT_EQ(fault->expected, each.expected) << each.text;
    }
}

TEST(JsonFault, FindsNoneInJson) {
    for (const std::string text : {"0", "-0", "1.5e-7", "\"\"", " [ ] ", "{ }", R"([1,{"a":[null,true,false]}])",
                                   R"("\ud83d\ude00\n\/")", "\"受理号 \xF0\x9F\x98\x80 \x7F\"", "\t\r\n1\n"}) {
        EXPECT_FALSE(find_json_fault(text).has_value()) << text;
    }
}

TEST(JsonFault, NestingDoesNotUseTheStack) {
    const std::size_t deep = 5'000'000;
    EXPECT_FALSE(find_json_fault(std::string(deep, '[') + std::string(deep, ']')).has_value());
    EXPECT_EQ(find_json_fault(std::string(deep, '['))->position, deep);
}

TEST(JsonFault, AgreesWithTheConformanceFiles) {
    const auto folder = shared_data("data/conformance/jsontestsuite/test_parsing");
    if (!folder) return;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
        const std::string name = entry.path().filename();
        if (name[0] == 'i') continue;
        ++files;
        EXPECT_EQ(find_json_fault(read_whole(entry.path())).has_value(), name[0] == 'n') << name;
    }
    EXPECT_EQ(files, 95 + 188);
}

}  // namespace
}  // namespace tocsin::decode
