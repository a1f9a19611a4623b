#include "pipeline/kafka_history.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "intake/marks.h"
#include "intake/origin_filter.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"

namespace tocsin::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kAskWithin = std::chrono::seconds(10);
/// A broker that gives nothing for so long ends the attempt.
constexpr Duration kPatience = std::chrono::minutes(1);
constexpr std::size_t kFetchMax = 10'000;

// A topic to be read, [from, to) by partition.
struct Reading {
    const config::Topic* input = nullptr;  // null: the log
    std::string topic;
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
};

class KafkaHistory {
public:
    KafkaHistory(const config::Config& config, History& history) : kafka_(config.kafka), history_(history) {
        for (const std::string& broker : kafka_.brokers)
            client_.brokers += (client_.brokers.empty() ? "" : ",") + broker;
        client_.properties = kafka_.client_properties;
    }

    Result<KafkaRead> run() {
        const auto readings = TOCSIN_TRY(what_to_read());
        for (const Reading& reading : readings) {
            auto done = read(reading);
            if (!done) return std::move(done).error();
        }
        return result_;
    }

private:
    Result<std::vector<Reading>> what_to_read() {
        auto admin = TOCSIN_TRY(kafka::Admin::open(client_));
        std::vector<Reading> readings;
        if (kafka_.intake == config::Intake::kRekey) {
            if (const auto log = TOCSIN_TRY(admin->topic(kafka_.events_topic, kAskWithin))) {
                readings.push_back(TOCSIN_TRY(reading_of(nullptr, kafka_.events_topic, log->partitions)));
                return readings;
            }
        }
        for (const config::Topic& topic : kafka_.topics) {
            const auto state = TOCSIN_TRY(admin->topic(topic.name, kAskWithin));
            if (!state) return reject("topic " + topic.name + " does not exist at " + client_.brokers);
            readings.push_back(TOCSIN_TRY(reading_of(&topic, topic.name, state->partitions)));
        }
        return readings;
    }

    // The group's name is only what librdkafka wants one for: partitions are assigned by hand.
    [[nodiscard]] kafka::ConsumerOptions consuming(const std::string& topic) const {
        kafka::ConsumerOptions options;
        options.client = client_;
        options.group_id = "tocsin-replay";
        options.topics = {topic};
        options.assign_all = true;
        options.watch_watermarks = false;
        return options;
    }

    Result<Reading> reading_of(const config::Topic* input, const std::string& topic, std::int32_t partitions) {
        auto asking = TOCSIN_TRY(kafka::Consumer::open(
            consuming(topic), {[](const auto&) { return kafka::kFromEnd; }, [](const auto&) {}, [] {}}));
        Reading reading{input, topic, {}};
        for (std::int32_t p = 0; p < partitions; ++p)
            reading.ranges.push_back(TOCSIN_TRY(asking->bounds({topic, p}, kAskWithin)));
        return reading;
    }

    Result<void> read(const Reading& reading) {
        const auto start = [&](const kafka::TopicPartition& p) {
            return reading.ranges[static_cast<std::size_t>(p.partition)].first;
        };
        auto consumer = TOCSIN_TRY(kafka::Consumer::open(consuming(reading.topic), {start, [](const auto&) {}, [] {}}));
        // One after the other, so that events of one instant come in the same order each time.
        for (std::size_t p = 0; p < reading.ranges.size(); ++p) {
            history_.begin_partition();
            auto done = read_partition(reading, *consumer, static_cast<std::int32_t>(p));
            if (!done) return done;
        }
        return {};
    }

    Result<void> read_partition(const Reading& reading, kafka::Consumer& consumer, std::int32_t partition) {
        const kafka::TopicPartition where{reading.topic, partition};
        const auto [from, to] = reading.ranges[static_cast<std::size_t>(partition)];
        filter_ = intake::OriginFilter();
        auto last_work = Clock::now();
        std::vector<kafka::Message> messages;
        for (std::int64_t next = from; next < to;) {
            messages.clear();
            consumer.poll(Duration(0));
            consumer.fetch(where, messages, kFetchMax);
            for (const kafka::Message& message : messages) {
                next = message.offset() + 1;
                if (message.offset() >= to) break;
                auto added = add(reading, partition, message);
                if (!added) return added;
            }
            // Behind the last record there may be what is none: the marker of a transaction.
            if (messages.empty() && consumer.end_of(where) >= to) break;
            for (const kafka::Trouble& trouble : consumer.take_troubles()) {
                if (trouble.kind != kafka::Trouble::Kind::kTransient)
                    return retry(reading.topic + ": " + trouble.message);
            }
            if (!messages.empty()) last_work = Clock::now();
            if (Clock::now() - last_work > kPatience)
                return retry("the broker has given nothing for a minute; try again when it is well");
            if (messages.empty()) consumer.wait(Duration(20));
        }
        return {};
    }

    Result<void> add(const Reading& reading, std::int32_t partition, const kafka::Message& message) {
        const std::string_view value = message.has_value() ? message.value() : std::string_view();
        if (reading.input != nullptr) {
            const auto source = TOCSIN_TRY(source_of(reading.input, reading.topic, partition));
            auto headers = history_.needs_headers(source) ? message.headers() : decode::RecordHeaders{};
            history_.add(source, message.offset(), value, std::move(headers));
            return {};
        }
        const auto origin = intake::parse_origin(message.header(intake::kOriginHeader.data()));
        if (!origin) {
            if (message.header(intake::kMarkHeader.data()).empty()) ++result_.foreign;
            return {};
        }
        if (filter_.admit(*origin) != intake::OriginFilter::Verdict::kNew) {
            ++result_.repeated;
            return {};
        }
        const auto source = TOCSIN_TRY(source_of(nullptr, std::string(origin->topic), origin->partition));
        history_.add(source, origin->offset, value);
        return {};
    }

    Result<std::uint32_t> source_of(const config::Topic* input, const std::string& topic, std::int32_t partition) {
        const auto found = sources_.find({topic, partition});
        if (found != sources_.end()) return found->second;
        HistorySource source;
        source.name = topic + "/" + std::to_string(partition);
        source.topic = topic;
        source.partition = partition;
        source.in_kafka = true;
        if (input != nullptr) source.mapping = &input->mapping;
        for (const config::Topic& known : kafka_.topics) {
            if (known.name == topic) source.disorder = known.disorder;
        }
        const std::uint32_t number = TOCSIN_TRY(history_.add_source(std::move(source)));
        sources_.emplace(std::pair{topic, partition}, number);
        return number;
    }

    const config::Kafka& kafka_;
    History& history_;
    kafka::ClientOptions client_;
    intake::OriginFilter filter_;  // of the partition being read
    std::map<std::pair<std::string, std::int32_t>, std::uint32_t> sources_;
    KafkaRead result_;
};

}  // namespace

Result<KafkaRead> read_kafka(const config::Config& config, History& history) {
    return KafkaHistory(config, history).run();
}

}  // namespace tocsin::pipeline
