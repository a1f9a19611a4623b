#pragma once
/// The engine between an array of records and real databases in a temporary directory.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "array_log.h"
#include "decode/canonical.h"
#include "outbox/notice.h"
#include "pipeline/engine.h"
#include "rules/loader.h"

namespace tocsin::pipeline {

/// Writes down what leaves the engine, and where the files stood when it was let go.
class Notebook : public Outlet {
public:
    struct Dead {
        std::string code, message, stage, topic, key, value;
        std::int64_t offset;
        std::vector<std::pair<std::string, std::string>> headers;
    };
    std::vector<std::pair<Transition, bool>> transitions;  ///< with `held`
    std::vector<Dead> dead;
    std::size_t released = 0;  ///< of both, counted when release() was called
    bool delivered = false;
    std::vector<std::pair<std::size_t, std::vector<std::string>>> warmed;  ///< rules, and how much was released then
    std::function<void()> on_release = [] {};

    void add(Lane& lane, const Transition& t, bool held) override {
        transitions.emplace_back(t, held);
        lane.batch.put(outbox::row_key(lane.next_row++), t.id());
    }
    void add(Lane& lane, const DeadRecord& d) override {
        dead.push_back({d.reason.code, d.reason.message, d.reason.stage, std::string(d.topic),
                        std::string(d.record.key), std::string(d.record.value), d.record.offset, d.headers});
        lane.batch.put(outbox::row_key(lane.next_row++), d.reason.code);
        lane.has_rows = true;
    }
    bool remove_delivered(Lane& lane) override {
        if (!delivered) return false;
        for (std::uint64_t row = 1; row < lane.next_row; ++row) lane.batch.del(outbox::row_key(row));
        return true;
    }
    [[nodiscard]] bool any_delivered() const override { return delivered; }
    void release() override {
        released = transitions.size() + dead.size();
        on_release();
    }
    void warming(std::vector<std::string> rules) override { warmed.emplace_back(released, std::move(rules)); }
};

/// Adds up what the engine counts.
class Adder : public Tally {
public:
    std::vector<std::string> applied_ids;
    std::map<task::Outcome, int> outcomes;
    std::map<std::string, int> codes;
    std::vector<Duration> timer_delays;
    int repeats = 0, commits = 0;
    std::size_t records = 0;

    void consumed(std::uint32_t, std::size_t n) override { records += n; }
    void applied(const Event& event, const task::Applied& applied) override {
        applied_ids.emplace_back(event.id);
        ++outcomes[applied.outcome];
    }
    void set_aside(std::string_view, std::string_view code) override { ++codes[std::string(code)]; }
    void repeated() override { ++repeats; }
    void made(const Transition&) override {}
    void timer(Duration late) override { timer_delays.push_back(late); }
    void committed(std::uint32_t, std::size_t) override { ++commits; }
};

/// `more`: rules behind the two of these tests.
inline std::shared_ptr<const RuleSet> rules_of(const EventSchema& schema, const std::string& more = {}) {
    static constexpr const char* kText = R"(groups:
- name: g
  rules:
  - alert: Three
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3}
    keep_firing_for: 1d
    raises: case
  - alert: Promise
    expect: {after: registration, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s}
    raises: case
)";
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", kText + more}};
    sources.read = [](const std::string& path) -> Result<std::string> { return reject("no file " + path); };
    auto set = rules::load_rules(sources, schema, {}, diagnostics);
    EXPECT_TRUE(set.ok()) << diagnostics.text();
    return std::make_shared<const RuleSet>(set.ok() ? std::move(*set) : RuleSet{});
}

/// One life of the engine over a directory; make another one over the same directory for the next life.
class Life {
public:
    /// `placed`: the log is read from its beginning, which is known at once.
    Life(const std::filesystem::path& root, ArrayLog& log, std::uint32_t tasks, EngineOptions options,
         bool placed = true, std::shared_ptr<const RuleSet> rules = nullptr)
        : setting_{schema_, areas_, pseudonyms_, {}, tasks}, tasks_(setting_) {
        std::vector<Lane> lanes;
        for (std::uint32_t i = 0; i < tasks; ++i) {
            Lane& lane = lanes.emplace_back();
            lane.index = i;
            lane.topic = "log";
            load(lane, root);
            lane.decoder = std::make_unique<decode::Decoder>(decode::Decoder::canonical(schema_));
            lane.placed = lane.placed || placed;
            log.begin_at(i, lane.position.last >= 0 ? lane.position.last : 0);
        }
        engine = std::make_unique<Engine>(Engine::Parts{setting_, tasks_, log, notebook, adder, &progress},
                                          std::move(lanes), std::move(options));
        engine->adopt(rules != nullptr ? rules : rules_of(schema_));
    }

    Notebook notebook;
    Adder adder;
    intake::ProgressTable progress;
    std::unique_ptr<Engine> engine;
    [[nodiscard]] std::shared_ptr<const RuleSet> rules() const { return rules_of(schema_); }

    [[nodiscard]] const Lane& lane(std::uint32_t i = 0) const { return engine->lanes()[i]; }
    /// Steps until there is nothing to do.
    void run(Instant now) {
        for (;;) {
            const auto worked = engine->step(now);
            ASSERT_TRUE(worked.ok()) << worked.error().message;
            if (!*worked) return;
        }
    }

private:
    void load(Lane& lane, const std::filesystem::path& root) {
        store::StoreOptions options;
        options.mark_synced = true;
        auto store = store::TaskStore::open(store::TaskStore::directory_of(root, lane.index), options);
        ASSERT_TRUE(store.ok()) << store.error().message;
        lane.store = std::move(*store);
        lane.task = &tasks_.task(lane.index);
        const auto loaded = load_stored(lane, [](std::string_view, std::string_view) { return Result<void>(); });
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    task::Setting setting_;
    task::TaskGroup tasks_;
};

class EngineTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = std::filesystem::temp_directory_path() / ("tocsin-engine-" + std::to_string(std::random_device{}()));
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    static std::string event(const std::string& id, const std::string& customer, std::int64_t second,
                             const std::string& kind = "complaint") {
        static const EventSchema schema = EventSchema::builtin();
        Event made;
        made.kind = *schema.kind(kind);
        made.time = at(second);
        made.id = id;
        made.customer = made.subscriber = customer;
        std::string out;
        decode::encode_canonical(made, schema, out);
        return out;
    }
    static StoredRecord record(const std::string& id, const std::string& customer, std::int64_t second,
                               const std::string& kind = "complaint") {
        return {customer, event(id, customer, second, kind), "", "", {}};
    }
    std::unique_ptr<Life> live(ArrayLog& log, EngineOptions options = wall(), std::uint32_t tasks = 1) const {
        return std::make_unique<Life>(root_, log, tasks, std::move(options));
    }
    static EngineOptions wall() { return {}; }
    static EngineOptions by_event_time() {
        EngineOptions options;
        options.event_clock = true;
        return options;
    }
    static EngineOptions rekeyed() {
        EngineOptions options;
        options.rekeyed = true;
        options.topics["in"] = {};
        return options;
    }
    std::map<std::string, std::string> stored(std::uint32_t task = 0) const {
        std::map<std::string, std::string> rows;
        auto store = store::TaskStore::open_read_only(store::TaskStore::directory_of(root_, task));
        EXPECT_TRUE(store.ok());
        if (!store) return rows;
        const auto done = (*store)->load([&](std::string_view k, std::string_view v) {
            rows[std::string(k)] = v;
            return Result<void>();
        });
        EXPECT_TRUE(done.ok());
        return rows;
    }
    static int counted(const Life& life, task::Outcome outcome) {
        const auto found = life.adder.outcomes.find(outcome);
        return found == life.adder.outcomes.end() ? 0 : found->second;
    }

    std::filesystem::path root_;
};

}  // namespace tocsin::pipeline
