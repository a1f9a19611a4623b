/// Writes the benchmark's load into a topic, lz4, or prints it.
///   bench_feed --brokers=B --topic=T --partitions=N [--key=customer|area] [--events=N] [--customers=N]
///   [--draw=zipf|even|each]
///              [--mix=complaints|campaign] [--begin=MS] [--days=N] [--first=N]        without --topic: to stdout

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "kafka/client.h"
#include "load.h"

namespace {

using tocsin::bench::Draw;
using tocsin::bench::LoadEvent;
using tocsin::bench::Mix;

std::map<std::string, std::string> options_of(int argc, char** argv) {
    std::map<std::string, std::string> options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto equals = argument.find('=');
        if (!argument.starts_with("--") || equals == std::string::npos) {
            std::fprintf(stderr, "bench_feed: expected --NAME=VALUE, found %s\n", argv[i]);
            std::exit(2);
        }
        options[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
    }
    return options;
}

tocsin::bench::LoadOptions load_of(std::map<std::string, std::string>& options) {
    tocsin::bench::LoadOptions load;
    const auto number = [&](const char* name, std::uint64_t& out) {
        if (options.contains(name)) out = std::strtoull(options[name].c_str(), nullptr, 10);
    };
    number("events", load.events);
    number("customers", load.customers);
    number("first", load.first);
    std::uint64_t begin = 0, days = 30;
    number("begin", begin);
    number("days", days);
    if (begin != 0) load.begin = tocsin::from_millis(static_cast<std::int64_t>(begin));
    load.span = std::chrono::days(days);
    load.mix = options["mix"] == "campaign" ? Mix::kCampaign : Mix::kComplaints;
    const std::string& draw = options["draw"];
    load.draw = draw == "each" ? Draw::kEach : draw == "even" ? Draw::kEven : Draw::kZipf;
    return load;
}

class Writer {
public:
    Writer(const std::string& brokers, std::string topic) : topic_(std::move(topic)) {
        char reason[512] = "";
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        const std::map<std::string, std::string> properties{{"bootstrap.servers", brokers},
                                                            {"compression.codec", "lz4"},
                                                            {"linger.ms", "50"},
                                                            {"enable.idempotence", "true"},
                                                            {"message.timeout.ms", "0"}};
        for (const auto& [name, value] : properties)
            rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason);
        handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
        if (handle_ == nullptr) {
            std::fprintf(stderr, "bench_feed: %s\n", reason);
            std::exit(1);
        }
    }
    ~Writer() { rd_kafka_destroy(handle_); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void write(std::string& key, std::string& value, int partition) {
        for (;;) {
            const auto code =
                rd_kafka_producev(handle_, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
                                  RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
            if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                std::fprintf(stderr, "bench_feed: %s\n", rd_kafka_err2str(code));
                std::exit(1);
            }
            rd_kafka_poll(handle_, 100);
        }
    }
    bool flush() { return rd_kafka_flush(handle_, 120'000) == RD_KAFKA_RESP_ERR_NO_ERROR; }

private:
    std::string topic_;
    rd_kafka_t* handle_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    auto options = options_of(argc, argv);
    tocsin::bench::Load load(load_of(options));
    LoadEvent event;
    if (options["topic"].empty()) {
        while (load.next(event)) std::puts(event.value.c_str());
        return 0;
    }
    const int partitions = std::atoi(options["partitions"].c_str());
    if (partitions < 1) {
        std::fputs("bench_feed: --topic needs --partitions=N\n", stderr);
        return 2;
    }
    Writer writer(options["brokers"], options["topic"]);
    while (load.next(event)) {
        std::string& key = options["key"] == "area" ? event.area : event.customer;
        writer.write(key, event.value, tocsin::kafka::partition_of(key, partitions));
    }
    return writer.flush() ? 0 : 1;
}
