/// `tocsin explain` without a history: it asks a daemon, and Alertmanager about silences. Both stand in this process.

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "fixtures.h"
#include "http/server.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

using Answers = std::map<std::string, std::string>;

/// Answers by path, and keeps what it was asked.
class Site {
public:
    explicit Site(Answers answers) {
        auto address = http::ListenAddress::parse("127.0.0.1:0");
        EXPECT_TRUE(address.ok());
        auto server =
            http::Server::start(*address, [this, answers](const http::Request& request, http::Respond respond) {
                {
                    const std::lock_guard lock(mutex_);
                    asked_.push_back(request);
                }
                const auto found = answers.find(request.path);
                if (found == answers.end())
                    return respond({404, "application/json", R"({"error":"nothing here"})", {}});
                respond({200, "application/json", found->second, {}});
            });
        EXPECT_TRUE(server.ok());
        server_ = std::move(*server);
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    [[nodiscard]] http::Request asked(std::size_t i = 0) const {
        const std::lock_guard lock(mutex_);
        return i < asked_.size() ? asked_[i] : http::Request{};
    }

private:
    mutable std::mutex mutex_;
    std::vector<http::Request> asked_;
    std::unique_ptr<http::Server> server_;
};

std::string enveloped(const std::string& json) {
    return R"({"status":"success","data":)" + json + "}";
}

const std::string kWarning =
    R"({"rule":"Place","place":"r.yml:5","raises":"warning","now":{"at":"2016-01-01T00:00:00Z",)"
    R"("subjects":[{"subject":"area=north","level":"red","levels":[],"notes":["n = 3"],"events":[],)"
    R"("alert":{"team":"cs","area":"north","alertname":"Place","level":"red"},)"
    R"("told":["webhook/list/0","alertmanager/pager/0"]}]}})";

class ExplainByDaemon : public testing::Test {
protected:
    /// What is said of a warning that went to this Alertmanager; empty: without a configuration.
    Ran ask(const std::string& alertmanager) {
        std::vector<std::string> words{"explain", "abc", "--url=" + daemon_.url()};
        if (!alertmanager.empty()) words.push_back("--config.file=" + configuration(alertmanager));
        return tocsin(words);
    }
    std::string configuration(const std::string& alertmanager) const {
        scratch_.write("r.yml", "groups: []\n");
        return scratch_.write(
            "t.yml",
            "kafka: {brokers: ['127.0.0.1:1'], topics: [{name: all, event: {field: /kind}}]}\nrule_files: [r.yml]\n"
            "privacy: {pseudonym_key_file: key}\nglobal: {external_labels: {site: a}}\n"
            "route: {receiver: pager}\nreceivers:\n  - name: pager\n"
            "    alertmanager_configs: [{url: '" +
                alertmanager + "'}]\n");
    }
    Scratch scratch_;
    Site daemon_{Answers{{"/api/v1/explain", enveloped(kWarning)}}};
};

TEST_F(ExplainByDaemon, SaysWhoIsToldAndThatItIsNotSilenced) {
    const Site alertmanager(
        Answers{{"/api/v2/alerts", R"([{"status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}])"}});
    const Ran ran = ask(alertmanager.url());
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "Place (r.yml:5, raises a warning)\nat 2016-01-01T00:00:00Z\n\n  area=north\n    n = 3\n"
              "    not silenced by Alertmanager (receiver pager)\n"
              "    told:\n      webhook/list/0\n      alertmanager/pager/0\n");
    EXPECT_EQ(daemon_.asked().query.at("id"), "abc");
    EXPECT_EQ(alertmanager.asked().path, "/api/v2/alerts");
    EXPECT_EQ(alertmanager.asked().query.at("filter"), "site=\"a\"") << "the last one: what the configuration adds";
}

TEST_F(ExplainByDaemon, SaysUntilWhenItIsSilencedAndByWhom) {
    const Site alertmanager(
        Answers{{"/api/v2/alerts", R"([{"status":{"silencedBy":["s1"],"inhibitedBy":["x"]}}])"},
                {"/api/v2/silence/s1", R"({"endsAt":"2016-01-02T00:00:00Z","comment":"works","createdBy":"ann"})"}});
    const Ran ran = ask(alertmanager.url());
    EXPECT_TRUE(
        says(ran.out, "    silenced by Alertmanager (receiver pager) until 2016-01-02T00:00:00Z: works (ann, s1)\n"))
        << ran.out;
    EXPECT_TRUE(says(ran.out, "    inhibited by Alertmanager (receiver pager)")) << ran.out;
    EXPECT_FALSE(says(ran.out, "not silenced")) << ran.out;
}

TEST_F(ExplainByDaemon, WhatIsNotKnownOfSilencesIsSaidToBeUnknown) {
    const std::string unknown = "whether it is silenced is not known: ";
    Ran ran = ask("");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, unknown + "Alertmanager (receiver pager) is asked where --config.file says its address"))
        << ran.out;
    ran = ask("http://127.0.0.1:1");
    EXPECT_EQ(ran.code, 0) << "the rest is answered: " << ran.err;
    EXPECT_TRUE(says(ran.out, unknown + "Alertmanager (receiver pager) could not be asked: ")) << ran.out;
    EXPECT_TRUE(says(ran.out, "n = 3")) << ran.out;
    ran = tocsin({"explain", "abc", "--url=" + daemon_.url(), "--config.file=" + (scratch_ / "none.yml")});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(says(ran.out, unknown + "the address of Alertmanager (receiver pager) cannot be read from "))
        << ran.out;
    const Site odd(Answers{});
    EXPECT_TRUE(says(ask(odd.url()).out, "could not be asked: it answered 404"));
    for (const char* nonsense : {"{}", "no", R"([{"status":"odd"}])", R"([{"status":{"silencedBy":7}}])", "[1]"}) {
        const Site wrong(Answers{{"/api/v2/alerts", nonsense}});
        EXPECT_EQ(ask(wrong.url()).code, 0) << nonsense;
    }
    const Site without(Answers{{"/api/v2/alerts", "[]"}});
    EXPECT_TRUE(says(ask(without.url()).out, "does not have this alert, it was not delivered or has run out"));
}

TEST_F(ExplainByDaemon, AWarningThatGoesToNoAlertmanagerIsNotSilenced) {
    const std::string key = R"(,"alertmanager/pager/0")";
    std::string elsewhere = kWarning;
    elsewhere.erase(elsewhere.find(key), key.size());
    const Site daemon(Answers{{"/api/v1/explain", enveloped(elsewhere)}});
    const Ran ran = tocsin({"explain", "abc", "--url=" + daemon.url()});
    EXPECT_TRUE(says(ran.out, "not silenced: silences are Alertmanager's, and this warning goes to none"))
        << ran.out << ran.err;
}

TEST_F(ExplainByDaemon, APersonIsAskedForAndTheAnswerOfTheDaemonIsPassedOnToTheByte) {
    const std::string answer =
        R"({"rule":"Often","place":"r.yml:3","raises":"case","at":"2016-01-01T00:00:00Z","subjects":[{"subject":"z=1 customer=c-7f",)"
        R"("level":"","levels":["yellow: n >= 3: does not hold"],"notes":["no episode is open"],"events":["x"]}],)"
        R"("transitions":[{"at":"2015-12-31T00:00:00Z","transition":"closed","level":null,"reason":"quiet","id":"e.2"}],)"
        R"("remembered":{"events":2,"since":"2015-12-30T00:00:00Z"}})";
    const Site daemon(Answers{{"/api/v1/explain", enveloped(answer)}});
    const std::vector<std::string> words{"explain", "--rule=Often", "--customer=c-7f&x", "--at=2016-01-01T00:00:00Z",
                                         "--url=" + daemon.url()};
    const Ran ran = tocsin(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "Often (r.yml:3, raises a case)\nat 2016-01-01T00:00:00Z\n\n  z=1 customer=c-7f\n"
              "    yellow: n >= 3: does not hold\n    no episode is open\n    events that count: 1\n      x\n\n"
              "  until then\n    2015-12-31T00:00:00Z closed quiet e.2\n\n"
              "  from the 2 events that are remembered, since 2015-12-30T00:00:00Z\n");
    EXPECT_EQ(daemon.asked().query.at("customer"), "c-7f&x");
    EXPECT_EQ(daemon.asked().query.at("at"), "2016-01-01T00:00:00Z");
    std::vector<std::string> json = words;
    json.insert(json.end(), {"-o", "json"});
    EXPECT_EQ(tocsin(json).out, answer + "\n");
}

TEST_F(ExplainByDaemon, WhatCannotBeAskedSaysWhatHelps) {
    Ran ran = tocsin({"explain", "abc", "--url=http://127.0.0.1:1"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "cannot ask http://127.0.0.1:1")) << ran.err;
    EXPECT_TRUE(says(ran.err, "is the daemon running? (--url names another)")) << ran.err;
    const Site empty(Answers{});
    ran = tocsin({"explain", "abc", "--url=" + empty.url()});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "nothing here")) << "what the daemon says: " << ran.err;
    for (const char* flag : {"--keyed", "--show-subjects", "--rules=r.yml"}) {
        ran = tocsin({"explain", "abc", flag, "--url=" + daemon_.url()});
        EXPECT_EQ(ran.code, 2) << flag;
        EXPECT_TRUE(says(ran.err, "are for a history: name --events or --from-kafka")) << ran.err;
    }
    ran = tocsin({"explain", "--rule=R", "--url=" + daemon_.url()});
    EXPECT_EQ(ran.code, 2);
    EXPECT_TRUE(says(ran.err, "An id, or --rule and --customer")) << ran.err;
    ran = tocsin({"explain", "abc", "--events=e.jsonl"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_TRUE(says(ran.err, "--config.file is required with --events and --from-kafka")) << ran.err;
}

}  // namespace
}  // namespace tocsin::app
