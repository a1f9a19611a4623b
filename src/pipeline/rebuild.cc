#include "pipeline/rebuild.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "pipeline/engine.h"
#include "pipeline/kafka_log.h"
#include "store/task_store.h"
#include "task/task_group.h"

namespace tocsin::pipeline {
namespace {

constexpr Duration kAskWithin = std::chrono::seconds(10);
/// A broker that gives nothing for so long ends the attempt.
constexpr Duration kPatience = std::chrono::minutes(1);

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

// The part of a partition that is read again: [from, to).
struct Range {
    std::int64_t from = 0, to = 0;
};

class RangeLog : public LogSource {
public:
    RangeLog(KafkaLog& log, const std::vector<Range>& ranges) : log_(log), ranges_(ranges), over_(ranges.size()) {}

    std::span<const LogRecord> fetch(std::uint32_t task) override {
        if (over_[task]) return {};
        auto records = log_.fetch(task);
        while (!records.empty() && records.back().offset >= ranges_[task].to) {
            records = records.first(records.size() - 1);
            over_[task] = true;
        }
        return records;
    }
    std::vector<std::pair<std::string, std::string>> headers(std::uint32_t task, std::int64_t offset) override {
        return log_.headers(task, offset);
    }
    // Between the last record and the end of the range there may be what is no record: a transaction's marker.
    LogEnd end(std::uint32_t task, std::int64_t position) override {
        const bool over = over_[task] || position >= ranges_[task].to || log_.end(task, position).at_end;
        return {over, over, std::nullopt};
    }
    void wait(Duration at_most) override { log_.wait(at_most); }

private:
    KafkaLog& log_;
    const std::vector<Range>& ranges_;
    std::vector<bool> over_;
};

class MutedOutlet : public Outlet {
public:
    void add(Lane&, const Transition&, bool) override { ++transitions; }
    void add(Lane&, const DeadRecord&) override {}
    bool remove_delivered(Lane&) override { return false; }
    [[nodiscard]] bool any_delivered() const override { return false; }
    void release() override {}
    std::uint64_t transitions = 0;
};

class NoTally : public Tally {
public:
    void consumed(std::uint32_t, std::size_t) override {}
    void applied(const Event&, const task::Applied&) override {}
    void set_aside(std::string_view, std::string_view) override {}
    void repeated() override {}
    void made(const Transition&) override {}
    void timer(Duration) override {}
    void committed(std::uint32_t, std::size_t) override {}
};

// Where a stored task stands; -1: there is none. Opening it to write shows that no daemon has it open.
Result<std::int64_t> stored_offset(const std::string& root, std::uint32_t task) {
    const auto directory = store::TaskStore::directory_of(root, task);
    if (!std::filesystem::exists(directory)) return -1;
    auto store = TOCSIN_TRY(store::TaskStore::open(directory, {}));
    std::int64_t next = -1;
    auto read = store->load([&](std::string_view key, std::string_view value) -> Result<void> {
        if (key != kPositionKey) return {};
        const auto position = decode_position(value);
        if (!position) return fatal("the stored position is damaged");
        next = position->next;
        return {};
    });
    if (!read) return std::move(read).error();
    return next;
}

class Rebuild {
public:
    explicit Rebuild(const RebuildRequest& request)
        : request_(request),
          kafka_(request.config.kafka),
          rekeyed_(kafka_.intake == config::Intake::kRekey),
          topic_(rekeyed_ ? kafka_.events_topic : kafka_.topics.front().name),
          scratch_(std::filesystem::path(request.config.storage.path) / ("rebuild-" + std::to_string(request.task))),
          areas_(config::make_areas(request.config)) {
        for (const std::string& broker : kafka_.brokers)
            client_.brokers += (client_.brokers.empty() ? "" : ",") + broker;
        client_.properties = kafka_.client_properties;
    }
    ~Rebuild() {
        std::error_code ignored;
        std::filesystem::remove_all(scratch_, ignored);
    }

    Result<Rebuilt> run() {
        for (auto step : {&Rebuild::find_ranges, &Rebuild::open_lanes, &Rebuild::read_all, &Rebuild::put_in_place}) {
            auto done = (this->*step)();
            if (!done) return std::move(done).error();
        }
        return Rebuilt{ranges_[request_.task].from, ranges_[request_.task].to, outlet_.transitions};
    }

private:
    kafka::ConsumerOptions consuming() const {
        kafka::ConsumerOptions options;
        options.client = client_;
        options.group_id = kafka_.group_id;
        options.topics = {topic_};
        options.assign_all = true;
        return options;
    }

    Result<void> find_ranges() {
        auto admin = TOCSIN_TRY(kafka::Admin::open(client_));
        const auto state = TOCSIN_TRY(admin->topic(topic_, kAskWithin));
        if (!state)
            return reject("topic " + topic_ + " does not exist at " + client_.brokers +
                          ": there is nothing to rebuild from");
        const auto tasks = static_cast<std::uint32_t>(state->partitions);
        if (request_.task >= tasks)
            return reject("topic " + topic_ + " has " + std::to_string(tasks) + " partitions: there is no task " +
                          std::to_string(request_.task));
        auto asking = TOCSIN_TRY(kafka::Consumer::open(
            consuming(), {[](const auto&) { return kafka::kFromEnd; }, [](const auto&) {}, [] {}}));
        for (std::uint32_t i = 0; i < tasks; ++i)
            ranges_.push_back(TOCSIN_TRY(range_of(*asking, {topic_, static_cast<std::int32_t>(i)})));
        return {};
    }

    Result<Range> range_of(kafka::Consumer& asking, const kafka::TopicPartition& p) {
        const auto task = static_cast<std::uint32_t>(p.partition);
        const auto [low, high] = TOCSIN_TRY(asking.bounds(p, kAskWithin));
        std::int64_t to = TOCSIN_TRY(stored_offset(request_.config.storage.path, task));
        if (task == request_.task && to >= 0) {
            return reject("task " + std::to_string(task) + " has a state in " + request_.config.storage.path +
                          "; move its directory away first");
        }
        if (to < 0) to = TOCSIN_TRY(asking.committed({p}, kAskWithin)).at(p).offset;
        if (to < 0 && task == request_.task) {
            return reject("group " + kafka_.group_id + " has committed nothing for task " + std::to_string(task) +
                          ": start the daemon, it begins anew");
        }
        std::int64_t from = low;
        if (kafka_.start.at == config::Start::At::kInstant) {
            from = std::max(low, TOCSIN_TRY(asking.offset_at(p, kafka_.start.instant, kAskWithin)));
        }
        to = std::min(std::max(to, from), high);
        return Range{from, to};
    }

    Result<void> open_lanes() {
        const config::Storage& s = request_.config.storage;
        const auto tasks = static_cast<std::uint32_t>(ranges_.size());
        setting_.reset(new task::Setting{
            request_.config.schema, areas_, request_.pseudonyms, {s.retention, s.dedup, s.max_events}, tasks});
        tasks_ = std::make_unique<task::TaskGroup>(*setting_);
        std::error_code ignored;
        std::filesystem::remove_all(scratch_, ignored);
        for (std::uint32_t i = 0; i < tasks; ++i) {
            Lane& lane = lanes_.emplace_back();
            lane.index = i;
            lane.topic = topic_;
            lane.task = &tasks_->task(i);
            lane.store = TOCSIN_TRY(store::TaskStore::open(store::TaskStore::directory_of(scratch_, i), {}));
            lane.decoder = std::make_unique<decode::Decoder>(
                rekeyed_ ? decode::Decoder::canonical(request_.config.schema)
                         : TOCSIN_TRY(decode::Decoder::make(request_.config.schema, kafka_.topics.front().mapping)));
            lane.position.next = ranges_[i].from;
            lane.placed = true;
            // Receivers have heard of this history; from now on they are told again.
            lane.caught_up_once = true;
            lane.batch.put(kCaughtUpKey, "");
        }
        return {};
    }

    Result<void> read_all() {
        auto consumer = TOCSIN_TRY(kafka::Consumer::open(
            consuming(),
            {[this](const kafka::TopicPartition& p) { return ranges_[static_cast<std::size_t>(p.partition)].from; },
             [](const auto&) {}, [] {}}));
        KafkaLog log(*consumer, topic_, static_cast<std::uint32_t>(ranges_.size()), rekeyed_);
        RangeLog range(log, ranges_);
        EngineOptions options;
        options.event_clock = request_.event_clock;
        options.rekeyed = rekeyed_;
        for (const config::Topic& topic : kafka_.topics) options.topics[topic.name] = {topic.disorder, topic.delay};
        Engine engine({*setting_, *tasks_, range, outlet_, tally_}, std::move(lanes_), std::move(options));
        engine.adopt(request_.rules);
        Instant last_work = wall_now();
        for (;;) {
            consumer->poll(Duration(0));
            for (const kafka::Trouble& trouble : consumer->take_troubles()) {
                if (trouble.kind != kafka::Trouble::Kind::kTransient) return retry(topic_ + ": " + trouble.message);
            }
            const bool worked = TOCSIN_TRY(engine.step(wall_now()));
            if (worked) last_work = wall_now();
            bool over = !worked;
            for (const Lane& lane : engine.lanes())
                over = over && !lane.head && lane.unread.empty() && range.end(lane.index, lane.position.next).closed;
            if (over) break;
            if (wall_now() - last_work > kPatience)
                return retry("the broker has given nothing for a minute; try again when it is well");
            if (!worked) range.wait(Duration(20));
        }
        return engine.flush(wall_now());
    }

    Result<void> put_in_place() {
        std::error_code failed;
        // A daemon that refused to start has left a directory without a position there (range_of has looked).
        std::filesystem::remove_all(store::TaskStore::directory_of(request_.config.storage.path, request_.task),
                                    failed);
        std::filesystem::rename(store::TaskStore::directory_of(scratch_, request_.task),
                                store::TaskStore::directory_of(request_.config.storage.path, request_.task), failed);
        if (failed)
            return retry("cannot move the new state into " + request_.config.storage.path + ": " + failed.message());
        return {};
    }

    const RebuildRequest& request_;
    const config::Kafka& kafka_;
    const bool rekeyed_;
    const std::string topic_;
    const std::filesystem::path scratch_;
    AreaTree areas_;
    kafka::ClientOptions client_;
    std::vector<Range> ranges_;
    std::unique_ptr<task::Setting> setting_;
    std::unique_ptr<task::TaskGroup> tasks_;
    std::vector<Lane> lanes_;
    MutedOutlet outlet_;
    NoTally tally_;
};

}  // namespace

Result<Rebuilt> rebuild(const RebuildRequest& request) {
    return Rebuild(request).run();
}

}  // namespace tocsin::pipeline
