#pragma once
/// What the tests of this module share: the mapping of the conformance records, the test data, short spellings.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "decode/decoder.h"

namespace tocsin::decode {

inline const OriginRef kOrigin{"cs.complaints", 3, 42};

/// Complaints whose time is in `ts` and whose area is in `region`; the rest has its canonical name.
inline TopicMapping complaint_mapping() {
    TopicMapping mapping;
    mapping.topic = "cs.complaints";
    mapping.kind.fixed = "complaint";
    mapping.fields["time"].pointer = "/ts";
    mapping.fields["area"].pointer = "/region";
    return mapping;
}

inline Decoder make_decoder(const TopicMapping& mapping, const EventSchema& schema = EventSchema::builtin()) {
    Result<Decoder> made = Decoder::make(schema, mapping);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(made).value();
}

/// The code of the refusal, or "counted".
inline std::string verdict(Decoder& decoder, std::string_view value) {
    Event event;
    const std::optional<Reject> refused = decoder.decode(value, kOrigin, event);
    return refused ? std::string(reject_code_name(refused->code)) : "counted";
}

/// A folder of the test data that is not part of the project; empty, after saying so, where it is missing. With
/// TOCSIN_REQUIRE_DATA=1 a missing folder fails the test.
inline std::optional<std::filesystem::path> shared_data(const std::string& folder) {
    const char* given = std::getenv("TOCSIN_SHARED");
    const std::filesystem::path root =
        given != nullptr ? std::filesystem::path(given) : std::filesystem::path(TOCSIN_SOURCE_DIR) / ".." / "shared";
    if (std::filesystem::is_directory(root / folder)) return root / folder;
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::cout << "SKIPPED: no data (" << test->test_suite_name() << "." << test->name() << ")\n";
    const char* required = std::getenv("TOCSIN_REQUIRE_DATA");
    if (required != nullptr && std::string(required) == "1") ADD_FAILURE() << (root / folder) << " is required";
    return std::nullopt;
}

inline std::string read_whole(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace tocsin::decode
