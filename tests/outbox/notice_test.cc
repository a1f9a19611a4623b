// A stored row is pinned byte by byte: a daemon must read what an older one left behind.
#include "outbox/notice.h"

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "fixtures.h"

namespace tocsin::outbox {
namespace {

using nlohmann::json;

Notice small() {
    Notice n;
    n.key = {3, 0x0102};
    n.kind = NoticeKind::kTransition;
    n.receiver = "topic";
    n.id = "e.2";
    n.episode = "e";
    n.rule = "R";
    n.transition = TransitionKind::kClosed;
    n.at = from_millis(1);
    n.held = true;
    n.body = "{}";
    return n;
}

void expect_equal(const Notice& a, const Notice& b) {
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.receiver, b.receiver);
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.episode, b.episode);
    EXPECT_EQ(a.rule, b.rule);
    EXPECT_EQ(a.transition, b.transition);
    EXPECT_EQ(a.at, b.at);
    EXPECT_EQ(a.held, b.held);
    EXPECT_EQ(a.body, b.body);
}

TEST(Notice, RowIsPinnedByteByByte) {
    EXPECT_EQ(hex(row_key(0x0102)), "780000000000000102");
    // format, kind, transition, held, at (zigzag), then receiver, id, episode, rule, body behind their lengths
    EXPECT_EQ(hex(encode_notice(small())),
              "01000501"
              "02"
              "05746f706963"
              "03652e32"
              "0165"
              "0152"
              "027b7d");
}

TEST(Notice, RowKeysSortInTheOrderTheyWereMade) {
    EXPECT_LT(row_key(255), row_key(256));
    EXPECT_LT(row_key(1), row_key(UINT64_MAX));
}

TEST(Notice, ReadsBackWhatWasStored) {
    const Notice n = small();
    const auto back = decode_notice(3, row_key(n.key.number), encode_notice(n));
    ASSERT_TRUE(back.ok());
    expect_equal(*back, n);
}

RC_GTEST_PROP(Notice, ReadsBackAnyBytes, (const std::string& body, const std::string& id, std::uint64_t number)) {
    Notice n = small();
    n.key.number = number;
    n.body = body;
    n.id = id;
    const auto back = decode_notice(3, row_key(number), encode_notice(n));
    RC_ASSERT(back.ok());
    RC_ASSERT(back->body == body && back->id == id && back->key.number == number);
}

TEST(Notice, EveryCutOrLengthenedRowIsRefused) {
    const std::string row = encode_notice(small());
    for (std::size_t n = 0; n < row.size(); ++n) {
        EXPECT_FALSE(decode_notice(3, row_key(1), std::string_view(row).substr(0, n)).ok()) << n;
    }
    const auto longer = decode_notice(3, row_key(1), row + "x");
    ASSERT_FALSE(longer.ok());
    EXPECT_EQ(longer.error().kind, ErrorKind::kFatal);
    EXPECT_THAT(longer.error().message, ::testing::HasSubstr("restore the state directory"));
}

TEST(Notice, WrongFormatKindOrKeyIsRefused) {
    const std::string good = encode_notice(small());
    struct Case {
        const char* what;
        std::size_t at;
        char byte;
    };
    for (const Case& c : {Case{"format", 0, 2}, Case{"kind", 1, 3}, Case{"transition", 2, 6}}) {
        std::string row = good;
        row[c.at] = c.byte;
        EXPECT_FALSE(decode_notice(3, row_key(1), row).ok()) << c.what;
    }
    EXPECT_FALSE(decode_notice(3, "x123", good).ok());
    EXPECT_FALSE(decode_notice(3, "y" + row_key(1).substr(1), good).ok());
}

TEST(Notice, OnlyOpeningsAndClosingsMustStay) {
    for (const auto& [kind, stays] :
         std::vector<std::pair<TransitionKind, bool>>{{TransitionKind::kOpened, true},
                                                      {TransitionKind::kRaised, false},
                                                      {TransitionKind::kLowered, false},
                                                      {TransitionKind::kAcknowledged, false},
                                                      {TransitionKind::kClosed, true}}) {
        EXPECT_EQ(notice_of("e", 1, kind).must_stay(), stays) << static_cast<int>(kind);
    }
    Notice digest = notice_of("e", 1, TransitionKind::kRaised);
    digest.kind = NoticeKind::kDigest;
    EXPECT_TRUE(digest.must_stay());
}

TEST(TransitionBody, IsTheRecordWithWhatReceiversNeedBehindIt) {
    const Transition t = transition_of("e", 2, TransitionKind::kRaised, Level::kOrange, Level::kYellow);
    const std::string body = transition_body(t, "mass-incident");
    const std::string record = to_json(t);
    EXPECT_TRUE(body.starts_with(record.substr(0, record.size() - 1) + ","))
        << "the record itself comes first, unchanged";
    const json parsed = json::parse(body);
    EXPECT_EQ(parsed["opened_at"], "2026-03-01T11:00:00Z");
    EXPECT_EQ(parsed["group"], "mass-incident");
    EXPECT_EQ(parsed["labels"], json::parse(R"({"team":"ops"})"));
    EXPECT_EQ(parsed["annotations"]["summary_zh"], "12 起投诉");
}

TEST(TransitionBody, NeverHoldsAPlainNumber) {
    Transition t = transition_of("e", 1, TransitionKind::kOpened, Level::kYellow, Level::kNone);
    t.is_case = true;
    t.subject = {{"customer", "c-abcdef", "13800000000"}};
    const std::string body = transition_body(t, "g");
    EXPECT_EQ(body.find("13800000000"), std::string::npos);
    EXPECT_NE(body.find("c-abcdef"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::outbox
