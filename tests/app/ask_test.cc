/// Commands that ask somebody else: a daemon's pages, a broker. Both stand in this process.

#include <algorithm>

#include "fixtures.h"
#include "http/server.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"

namespace tocsin::app {
namespace {

/// A daemon that answers one text to every question, and remembers what it was asked.
class Pages {
public:
    explicit Pages(std::string body) {
        auto address = http::ListenAddress::parse("127.0.0.1:0");
        EXPECT_TRUE(address.ok());
        auto server = http::Server::start(*address, [this, body](const http::Request& request, http::Respond respond) {
            asked_ = request.path + (request.query.contains("id") ? "?id=" + request.query.at("id") : "") +
                     (request.query.contains("reveal") ? "&reveal" : "");
            respond({200, "application/json", body, {}});
        });
        EXPECT_TRUE(server.ok());
        server_ = std::move(*server);
    }
    [[nodiscard]] std::string url() const { return "--url=http://127.0.0.1:" + std::to_string(server_->port()); }
    [[nodiscard]] const std::string& asked() const { return asked_; }

private:
    std::string asked_;
    std::unique_ptr<http::Server> server_;
};

TEST(Ask, AListNamesTheSubjectOfEachEpisode) {
    const Pages pages(R"({"status":"success","data":[{"id":"abc","level":"yellow","opened_at":"2026-01-01T00:00:00Z",)"
                      R"("rule":"R","area":"north","subject":{"customer":"c-7f3a"}}]})");
    const Ran ran = tocsin({"case", "list", pages.url()});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "c-7f3a")) << ran.out;
    EXPECT_TRUE(says(ran.out, "abc ")) << ran.out;
    EXPECT_TRUE(says(ran.out, "north")) << ran.out;
    EXPECT_EQ(pages.asked(), "/api/v1/cases");
}

TEST(Ask, WhatSomebodyTypesIsOneQuestionAndNoOther) {
    const Pages pages(R"({"status":"success","data":{}})");
    EXPECT_EQ(tocsin({"lookup", "c-1&reveal=true", pages.url()}).code, 0);
    EXPECT_EQ(pages.asked(), "/api/v1/lookup?id=c-1&reveal=true") << "as a part of the id, not as a flag";
    EXPECT_EQ(tocsin({"lookup", "c-1", "--reveal", pages.url()}).code, 0);
    EXPECT_EQ(pages.asked(), "/api/v1/lookup?id=c-1&reveal");
    EXPECT_EQ(tocsin({"case", "show", "a b", pages.url()}).code, 0);
    EXPECT_EQ(pages.asked(), "/api/v1/cases/a b");
}

TEST(Ask, AThousandCasesAreListed) {
    std::string list;
    for (int i = 0; i < 1000; ++i)
        list +=
            R"({"id":"a","level":"yellow","opened_at":"2026-01-01T00:00:00Z","rule":"R","subject":{"customer":"c-7f3a"}},)";
    list.pop_back();
    const Pages pages(R"({"status":"success","data":[)" + list + "]}");
    const Ran ran = tocsin({"case", "list", pages.url()});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1000);
}

TEST(Ask, WhatIsNoAnswerIsNotPrinted) {
    const Pages pages("<html>some other program</html>");
    const Ran ran = tocsin({"case", "list", pages.url()});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "answered 31 bytes that tocsin cannot read: is it another program?")) << ran.err;
}

class DeadLetters : public testing::Test {
protected:
    DeadLetters() {
        auto broker = kafka::EmbeddedBroker::start();
        EXPECT_TRUE(broker.ok());
        broker_ = std::move(*broker);
        EXPECT_TRUE(broker_->create("tocsin.dlq", 2).ok());
        kafka::ProducerOptions options;
        options.client.brokers = broker_->bootstrap();
        auto producer = kafka::Producer::open(std::move(options));
        EXPECT_TRUE(producer.ok());
        for (const std::string offset : {"7", "9", "7"}) {  // one came twice
            const kafka::Headers headers{{"tocsin.error.code", "json_invalid"}, {"tocsin.error.message", "byte 1"},
                                         {"tocsin.error.stage", "intake"},      {"tocsin.error.topic", "cs"},
                                         {"tocsin.error.partition", "0"},       {"tocsin.error.offset", offset}};
            kafka::OutgoingRecord record;
            record.topic = "tocsin.dlq";
            record.partition = offset == "9" ? 1 : 0;
            record.value = "not json";
            record.headers = &headers;
            EXPECT_TRUE((*producer)->produce(record).ok());
        }
        EXPECT_TRUE((*producer)->flush(std::chrono::seconds(10)));
        config_ = scratch_.write("t.yml", "kafka:\n  brokers: ['" + broker_->bootstrap() +
                                              "']\n  topics: [{name: cs, event: complaint}]\n"
                                              "privacy: {pseudonym_key_file: nowhere}\nrule_files: [r.yml]\n");
        scratch_.write("r.yml", "groups: []\n");
    }
    Scratch scratch_;
    std::unique_ptr<kafka::EmbeddedBroker> broker_;
    std::string config_;
};

TEST_F(DeadLetters, AreListedOnceEachByWhereTheyCameFrom) {
    const Ran ran = tocsin({"dlq", "list", "--config.file", config_});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "cs/0/7  json_invalid  byte 1\ncs/0/9  json_invalid  byte 1\n");
}

TEST_F(DeadLetters, OneIsShownWithWhatWasSent) {
    Ran ran = tocsin({"dlq", "show", "cs/0/9", "--config.file", config_});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "\"value\":\"not json\"")) << ran.out;
    ran = tocsin({"dlq", "show", "cs/0/8", "--config.file", config_});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "no dead letter has the id cs/0/8")) << ran.err;
}

}  // namespace
}  // namespace tocsin::app
