// Tables of names and addresses: accepted, or refused with these words.
#include "config/names.h"

#include <gtest/gtest.h>

namespace tocsin::config {
namespace {

struct Row {
    std::string text, problem;
};

TEST(Names, Topics) {
    const std::string letters = "a topic name is made of letters, digits and . _ -";
    for (const auto& [text, problem] : std::initializer_list<Row>{
             {"cs.complaints_v2-a", ""},
             {std::string(249, 'x'), ""},
             {"", "a topic name is not empty"},
             {std::string(250, 'x'), "a topic name has at most 249 characters"},
             {".", "a topic cannot be called . or .."},
             {"..", "a topic cannot be called . or .."},
             {"a b", letters},
             {"a/b", letters},
             {"投诉", letters},
         })
        EXPECT_EQ(topic_name_problem(text), problem) << text;
}

TEST(Names, LabelsAndIdentifiers) {
    for (const std::string good : {"a", "_a1", "Team"}) {
        EXPECT_EQ(label_name_problem(good), "");
        EXPECT_EQ(identifier_problem(good), "");
    }
    for (const std::string bad : {"", "1a", "a-b", "a.b", "团队"}) {
        EXPECT_NE(label_name_problem(bad), "") << bad;
        EXPECT_NE(identifier_problem(bad), "") << bad;
    }
    EXPECT_EQ(identifier_problem(std::string(64, 'x')), "");
    EXPECT_NE(identifier_problem(std::string(65, 'x')), "");
}

TEST(Names, Brokers) {
    for (const std::string good : {"localhost", "kafka-1.example:9092", "10.0.0.1:1", "[::1]:65535", "[fd00::2]"})
        EXPECT_EQ(broker_problem(good), "") << good;
    for (const std::string bad : {"", ":9092", "host:", "host:0", "host:65536", "host:9092x", "host:+1", "a b:1",
                                  "[::1", "[::1]9092", "host:1:2", "SSL://host:1", "[g]x"})
        EXPECT_EQ(broker_problem(bad), "expected host:port") << bad;
}

TEST(Names, Urls) {
    for (const std::string good :
         {"http://a", "https://a.example/x?y=z", "https://[::1]:8443/", "http://10.0.0.1:80?q"})
        EXPECT_EQ(url_problem(good), "") << good;
    const std::string beginning = "expected a URL that begins with http:// or https://";
    const std::string host = "expected http(s)://host or http(s)://host:port and a path";
    for (const auto& [text, problem] : std::initializer_list<Row>{
             {"", beginning},
             {"ftp://a", beginning},
             {"a.example/x", beginning},
             {"http://", host},
             {"http:///x", host},
             {"http://a:port/", host},
             {"http://a b/", host},
             {"http://a/#x", "a URL for messages has no #fragment"},
             {"http://a/x y", "a URL has no blanks or control characters"},
             {"http://a/\x7f", "a URL has no blanks or control characters"},
             {"http://u:p@a/", "a URL with user and password; put the whole URL into a file and name it with url_file"},
         })
        EXPECT_EQ(url_problem(text), problem) << text;
}

TEST(Names, Networks) {
    for (const std::string good : {"10.0.0.0/8", "0.0.0.0/0", "192.168.1.1/32", "fd00::/8", "::/0", "::1/128"})
        EXPECT_EQ(cidr_problem(good), "") << good;
    for (const std::string bad :
         {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "host/8", "10.0.0.0/-1", "/8"})
        EXPECT_EQ(cidr_problem(bad), "expected a network such as 10.0.0.0/8 or fd00::/8") << bad;
}

TEST(Names, WebhookSecrets) {
    const auto of = [](std::size_t characters, const std::string& padding) {
        return "whsec_" + std::string(characters, 'A') + padding;
    };
    for (const std::string& good :
         {of(32, ""), of(43, "="), of(86, "=="), std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")})
        EXPECT_EQ(webhook_secret_problem(good), "") << good;
    const std::string length = "a webhook secret has 24 to 64 bytes before base64";
    const std::string base64 = "behind whsec_ a webhook secret is base64";
    for (const auto& [text, problem] : std::initializer_list<Row>{
             {"", "a webhook secret begins with whsec_"},
             {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a webhook secret begins with whsec_"},
             {of(28, ""), length},
             {of(88, ""), length},
             {of(31, ""), base64},
             {of(29, "==="), base64},
             {of(28, "a b="), base64},
             {of(28, "-_-_"), base64},
         })
        EXPECT_EQ(webhook_secret_problem(text), problem) << text;
}

}  // namespace
}  // namespace tocsin::config
