#include "pipeline/daemon.h"

#include <algorithm>
#include <future>

#include "base/log.h"
#include "base/times.h"
#include "kafka/admin.h"
#include "service/notify.h"

namespace tocsin::pipeline {
namespace {

constexpr Duration kMetricsEvery = std::chrono::seconds(1);
constexpr Duration kGroupCommitEvery = std::chrono::seconds(1);
constexpr Duration kAskWithin = std::chrono::seconds(10);

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

}  // namespace

Daemon::Daemon(config::Config config, std::shared_ptr<const RuleSet> rules, Pseudonymizer pseudonyms,
               DaemonOptions options)
    : config_(std::move(config)),
      rules_(std::move(rules)),
      pseudonyms_(std::move(pseudonyms)),
      options_(std::move(options)),
      pages_(metrics_, page_sources()),
      areas_(config::make_areas(config_)),
      mailbox_([this] {
          if (consumer_ != nullptr) consumer_->wake();
      }) {
    if (!options_.storage_path.empty()) config_.storage.path = options_.storage_path;
}

Result<std::unique_ptr<Daemon>> Daemon::start(config::Config config, std::shared_ptr<const RuleSet> rules,
                                              Pseudonymizer pseudonyms, DaemonOptions options) {
    std::unique_ptr<Daemon> self(
        new Daemon(std::move(config), std::move(rules), std::move(pseudonyms), std::move(options)));
    using Step = Result<void> (Daemon::*)();
    for (const Step step : {&Daemon::start_http, &Daemon::prepare_topics, &Daemon::open_state, &Daemon::connect}) {
        auto done = (self.get()->*step)();
        if (!done) return std::move(done).error();
    }
    self->thread_ = std::thread([raw = self.get()] { raw->loop(); });
    return self;
}

Daemon::~Daemon() {
    not_ready("stopping");
    service::stopping();
    // Readers first, then what they feed; receivers get what is committed as far as time allows.
    if (intake_ != nullptr) intake_->stop();
    stopping_ = true;
    if (consumer_ != nullptr) consumer_->wake();
    if (thread_.joinable()) thread_.join();
    if (engine_ != nullptr && failure().empty()) {
        const auto flushed = engine_->flush(wall_now());
        if (!flushed) log_error("daemon", flushed.error().message);
        commit_to_group();
    }
    if (dispatcher_ != nullptr) dispatcher_->stop(kDrainWithin);
    if (engine_ != nullptr && failure().empty()) {
        const auto flushed = engine_->flush(wall_now());  // the rows that were delivered meanwhile
        if (!flushed) log_error("daemon", flushed.error().message);
    }
    servers_.clear();
    intake_.reset();
    log_.reset();
    consumer_.reset();
}

void Daemon::not_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    not_ready_ = std::move(reason);
}
std::string Daemon::reason_not_ready() const {
    const std::lock_guard lock(mutex_);
    return not_ready_;
}
std::string Daemon::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

std::string Daemon::log_topic() const {
    return config_.kafka.intake == config::Intake::kDirect ? config_.kafka.topics.front().name
                                                           : config_.kafka.events_topic;
}

kafka::ClientOptions Daemon::client() const {
    std::string brokers;
    for (const std::string& broker : config_.kafka.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
    return {brokers, config_.kafka.client_properties};
}

Result<void> Daemon::prepare_topics() {
    auto checked = kafka::check_client(config_.kafka.client_properties);
    if (!checked) return checked;
    constexpr Duration kAsk = std::chrono::seconds(10);
    auto admin = TOCSIN_TRY(kafka::Admin::open(client()));
    const auto need = [&](const std::string& topic, bool ours,
                          const std::map<std::string, std::string>& settings) -> Result<std::int32_t> {
        auto state = TOCSIN_TRY(admin->topic(topic, kAsk));
        if (!state && !ours)
            return reject("kafka.topics: topic \"" + topic + "\" does not exist at " + client().brokers +
                          "; create it, or correct the name");
        if (!state) {
            log_info("daemon", "creating a topic of tocsin's own", {{"topic", topic}});
            auto made =
                admin->create({topic, config_.kafka.partitions, config_.kafka.replication_factor, settings}, kAsk);
            if (!made) return std::move(made).error();
            state = kafka::TopicState{config_.kafka.partitions};
        }
        // The embedded broker never tells its settings: asking it costs seconds.
        const bool ask = !options_.embedded && topic != config_.kafka.output_topic;
        if (ask && admin->cleanup_policy(topic, std::chrono::seconds(5)).find("compact") != std::string::npos) {
            return reject(
                "kafka: topic \"" + topic +
                "\" is compacted: the broker deletes records that are still needed; set cleanup.policy=delete");
        }
        return state->partitions;
    };
    const bool direct = config_.kafka.intake == config::Intake::kDirect;
    for (const config::Topic& topic : config_.kafka.topics) {
        const auto partitions = need(topic.name, options_.embedded, {});
        if (!partitions) return partitions.error();
        if (direct) task_count_ = static_cast<std::uint32_t>(*partitions);
    }
    if (!direct) {
        task_count_ = static_cast<std::uint32_t>(
            TOCSIN_TRY(need(config_.kafka.events_topic, true, {{"cleanup.policy", "delete"}})));
    }
    if (!config_.kafka.output_topic.empty()) static_cast<void>(TOCSIN_TRY(need(config_.kafka.output_topic, true, {})));
    // It holds what customers sent: gone after a week, and readable by few (docs/operations.md).
    static_cast<void>(TOCSIN_TRY(need(config_.kafka.dead_letter_topic, true, {{"retention.ms", "604800000"}})));
    return {};
}

Result<void> Daemon::load_lane(Lane& lane) {
    lane.topic = log_topic();
    store::StoreOptions options;
    options.mark_synced = options_.mark_synced;
    options.watch = [this](const char* operation, double took) {
        metrics_.observe("state_operation_duration_seconds", {operation}, took);
    };
    lane.store =
        TOCSIN_TRY(store::TaskStore::open(store::TaskStore::directory_of(config_.storage.path, lane.index), options));
    lane.task = &tasks_->task(lane.index);
    auto loaded = load_stored(lane, [&](std::string_view key, std::string_view value) -> Result<void> {
        if (key.front() == intake::ProgressTable::kKeyPrefix) {
            if (inputs_.load(key, value)) return {};
            return fatal("the stored progress of an input is damaged; restore the state directory");
        }
        const std::lock_guard lock(mutex_);  // the outlet is everybody's
        return outlet_->restore(lane, key, value);
    });
    lane.origins.for_each(
        [&](const auto& topic, auto partition, const auto& counted) { inputs_.count(topic, partition, counted); });
    return loaded;
}

// Side by side: tasks share nothing but the outlet, and a start waits for the last of them.
Result<void> Daemon::load_lanes() {
    std::vector<std::future<Result<void>>> loading;
    for (Lane& lane : lanes_)
        loading.push_back(std::async(std::launch::async, [this, &lane] { return load_lane(lane); }));
    Result<void> all;
    for (auto& each : loading) {
        if (auto loaded = each.get(); !loaded && all) all = std::move(loaded);
    }
    return all;
}

Result<void> Daemon::open_state() {
    not_ready("opening the state");
    const auto stored = store::TaskStore::tasks_in(config_.storage.path);
    if (!stored.empty() && stored.size() != task_count_) {
        return reject("topic " + log_topic() + " has " + std::to_string(task_count_) + " partitions, the state in " +
                      config_.storage.path + " has " + std::to_string(stored.size()) +
                      ": customers would move between tasks. Give the topic its old number of partitions back, or move "
                      "the state away and start anew");
    }
    const config::Storage& s = config_.storage;
    setting_.reset(
        new task::Setting{config_.schema, areas_, pseudonyms_, {s.retention, s.dedup, s.max_events}, task_count_});
    tasks_ = std::make_unique<task::TaskGroup>(*setting_);
    tally_ = std::make_unique<MetricsTally>(metrics_, config_.schema, areas_, log_topic(), options_.watch);
    topics_ = TOCSIN_TRY(KafkaTopics::open(client()));
    Routing routing = TOCSIN_TRY(make_routing(config_));
    DispatcherOptions dispatching;
    dispatching.targets = routing.all;
    dispatching.hold_old = !options_.event_clock;
    dispatching.max_notice_age = config_.global.max_notice_age;
    dispatcher_ = std::make_unique<Dispatcher>(std::move(dispatching), topics_.get(), metrics_, [this] {
        if (consumer_ != nullptr) consumer_->wake();
    });
    outlet_ = std::make_unique<NoticeOutlet>(std::move(routing), *dispatcher_);
    outlet_->use(rules_);
    lanes_.resize(task_count_);
    for (std::uint32_t i = 0; i < task_count_; ++i) {
        Lane& lane = lanes_[i];
        lane.index = i;
        const bool direct = config_.kafka.intake == config::Intake::kDirect;
        lane.decoder = std::make_unique<decode::Decoder>(
            direct ? TOCSIN_TRY(decode::Decoder::make(config_.schema, config_.kafka.topics.front().mapping))
                   : decode::Decoder::canonical(config_.schema));
    }
    return load_lanes();
}

// Where reading begins. What the broker does not say is not guessed: the process ends, and asks again when it is
// restarted.
std::int64_t Daemon::start_of(const kafka::TopicPartition& p) {
    const auto task = static_cast<std::uint32_t>(p.partition);
    const std::string where = p.topic + "/" + std::to_string(p.partition);
    if (task >= task_count_) {
        start_error_ =
            reject(where + ": the topic has got more partitions while this process started; see what a restart says");
        return kafka::kFromEnd;
    }
    const Lane& lane = engine_->lanes()[task];
    if (options_.embedded) {
        engine_->begin(task, 0);
        return lane.has_state ? lane.position.next : kafka::kFromBeginning;
    }
    const auto ends = consumer_->bounds(p, kAskWithin);
    if (!ends.ok()) {
        start_error_ = retry("cannot tell where to begin: " + ends.error().message);
        return kafka::kFromEnd;
    }
    const auto [low, high] = *ends;
    if (!lane.has_state) {
        const auto first = first_start(p, low, high);
        if (first.ok())
            engine_->begin(task, *first);
        else
            start_error_ = first.error();
        return first.ok() ? *first : kafka::kFromEnd;
    }
    if (lane.position.next > high) {
        start_error_ = fatal(
            where + ": " + std::to_string(lane.position.next) + " records were applied, the broker has " +
            std::to_string(high) +
            ": the topic was re-created or cut. If that was meant, move the state directory away and start again");
        return high;
    }
    if (lane.position.next < low) {
        metrics_.add("input_gap_records_total", {p.topic}, static_cast<double>(low - lane.position.next));
        log_error("daemon", "the broker deleted records before they were counted; counts of that time are too low",
                  {{"topic", p.topic}, {"partition", p.partition}, {"records", low - lane.position.next}});
        engine_->begin(task, low);
        return low;
    }
    return std::max(low, lane.position.last >= 0 ? lane.position.last : lane.position.next);
}

Result<std::int64_t> Daemon::first_start(const kafka::TopicPartition& p, std::int64_t low, std::int64_t high) {
    const auto committed = TOCSIN_TRY(consumer_->committed({p}, kAskWithin));
    if (committed.at(p).offset > 0) {
        return reject("task " + std::to_string(p.partition) + " has no state in " + config_.storage.path +
                      ", but its group has read up to offset " + std::to_string(committed.at(p).offset) +
                      ": bring the state directory, or run `tocsin state rebuild --task=" +
                      std::to_string(p.partition) + "` to read the log again, muted");
    }
    switch (config_.kafka.start.at) {
        case config::Start::At::kLatest:
            return high;
        case config::Start::At::kInstant:
            return consumer_->offset_at(p, config_.kafka.start.instant, kAskWithin);
        default:
            return low;
    }
}

// The engine first: the consumer's hooks ask its lanes where to begin. It reads through a log made a moment later.
void Daemon::make_engine() {
    struct Late : LogSource {
        explicit Late(Daemon& d) : daemon(d) {}
        std::span<const LogRecord> fetch(std::uint32_t t) override { return daemon.log_->fetch(t); }
        std::vector<std::pair<std::string, std::string>> headers(std::uint32_t t, std::int64_t o) override {
            return daemon.log_->headers(t, o);
        }
        LogEnd end(std::uint32_t t, std::int64_t p) override { return daemon.log_->end(t, p); }
        void wait(Duration d) override { daemon.log_->wait(d); }
        Daemon& daemon;
    };
    EngineOptions engine;
    engine.event_clock = options_.event_clock;
    engine.backlog_commit_interval = config_.storage.backlog_commit_interval;
    engine.rekeyed = config_.kafka.intake == config::Intake::kRekey;
    engine.faults = options_.faults;
    for (const config::Topic& topic : config_.kafka.topics) engine.topics[topic.name] = {topic.disorder, topic.delay};
    engine.waits_on = topics_waited_on();
    late_log_ = std::make_unique<Late>(*this);
    engine_ = std::make_unique<Engine>(Engine::Parts{*setting_, *tasks_, *late_log_, *outlet_, *tally_, &inputs_},
                                       std::move(lanes_), std::move(engine));
    for (std::uint32_t i = 0; i < task_count_; ++i) {
        tasks_->task(i).for_each_open([&](const task::OpenEpisode& open) {
            const Rule* rule = rules_->find(open.state.rule);
            tally_->open_at_start(open.state.rule, open.state.episode.level, rule == nullptr || rule->raises_case,
                                  open.state.episode.area);
        });
    }
    engine_->adopt(rules_);
    api_ = std::make_unique<Api>(*tasks_, *setting_, [this](const Transition& t) { return outlet_->keys_of_open(t); });
    api_->use(rules_);
}

// Receivers hear what the last life left undelivered, and the warnings that are open.
void Daemon::start_dispatcher() {
    outlet_->release();
    std::vector<Dispatcher::Open> open;
    for (std::uint32_t i = 0; i < task_count_; ++i) {
        for (const Transition& t : tasks_->task(i).open_warnings()) {
            for (const std::string& key : outlet_->keys_of_open(t))
                open.push_back({key, outbox::transition_body(t, outlet_->group_of(t))});
        }
    }
    dispatcher_->restore_open(std::move(open));
    dispatcher_->start();
}

kafka::Consumer::Hooks Daemon::hooks() {
    kafka::Consumer::Hooks hooks;
    hooks.start = [this](const kafka::TopicPartition& p) {
        return consumer_ == nullptr && !options_.embedded ? kafka::kFromBeginning : start_of(p);
    };
    hooks.assigned = [this](const std::vector<kafka::TopicPartition>& partitions) {
        assigned_ = partitions.size() == task_count_;
        metrics_.set("kafka_assigned_partitions", {log_topic()}, static_cast<double>(partitions.size()));
        if (assigned_ && !start_error_) {
            start_intake();
            not_ready("");
            service::ready(std::to_string(task_count_) + " tasks");
        } else {
            not_ready("only " + std::to_string(partitions.size()) + " of " + std::to_string(task_count_) +
                      " partitions are assigned: another member is in group " + config_.kafka.group_id + "; stop it");
        }
        log_info("daemon", "partitions assigned", {{"partitions", partitions.size()}});
    };
    hooks.revoked = [this] {
        assigned_ = false;
        start_error_ = retry("the group took the partitions away; restarting reads on from the stored offsets");
    };
    return hooks;
}

Result<void> Daemon::connect() {
    not_ready("waiting for the partitions to be assigned");
    make_engine();
    start_dispatcher();
    kafka::ConsumerOptions consuming;
    consuming.client = client();
    consuming.group_id = config_.kafka.group_id;
    consuming.instance_id = config_.kafka.group_id + "-0";
    consuming.topics = {log_topic()};
    consuming.assign_all = options_.embedded;
    std::size_t profiles = 0;
    for (const Lane& lane : engine_->lanes()) profiles += lane.task->profiles();
    if (config_.identity.identifiers > 0) {
        log_info("daemon", "identifiers are linked to persons",
                 {{"identifiers", config_.identity.identifiers},
                  {"largest", config_.identity.largest_group},
                  {"refused_groups", config_.identity.refused_groups}});
    }
    log_info("daemon", "the state is open; joining the group", {{"tasks", task_count_}, {"profiles", profiles}});
    consumer_ = TOCSIN_TRY(kafka::Consumer::open(std::move(consuming), hooks()));
    log_ = std::make_unique<KafkaLog>(*consumer_, log_topic(), task_count_,
                                      config_.kafka.intake == config::Intake::kRekey);
    if (config_.kafka.intake == config::Intake::kRekey) {
        IntakeOptions intake{client(), static_cast<std::int32_t>(task_count_), options_.event_clock, options_.embedded,
                             options_.faults.origin_check_off};
        if (!options_.faults.origin_check_off && !options_.faults.continuity_check_off) intake.progress = &inputs_;
        intake_ = TOCSIN_TRY(IntakeLoop::open(config_, std::move(intake), metrics_));
        if (assigned_) start_intake();  // the embedded broker assigns at once
    }
    return {};
}

// Only once the tasks' places in the log are on disk: with kafka.start `latest` that is where the log ended before the
// intake added anything to it.
void Daemon::start_intake() {
    if (intake_ == nullptr || intake_started_) return;
    if (auto done = engine_->flush(wall_now()); !done) {
        start_error_ = std::move(done).error();
        return;
    }
    intake_started_ = true;
    intake_->start();
}

Result<void> Daemon::check_troubles() {
    if (start_error_) return *start_error_;
    if (intake_ != nullptr) {
        if (const std::string why = intake_->failure(); !why.empty()) return fatal(why);
    }
    for (const kafka::Trouble& trouble : consumer_->take_troubles()) {
        using Kind = kafka::Trouble::Kind;
        metrics_.add("kafka_errors_total", {std::string(kafka::kind_name(trouble.kind))});
        switch (trouble.kind) {
            case Kind::kTransient:
                log_warn("kafka", trouble.message);
                break;
            case Kind::kAuthentication:
                log_error("kafka", trouble.message + "; check the credentials and the rights of tocsin's user");
                break;
            case Kind::kTopicGone:
                return fatal("topic " + (trouble.topic.empty() ? log_topic() : trouble.topic) + " is gone (" +
                             trouble.message +
                             "); if it was re-created, move the state directory away and start again");
            default:
                return fatal(trouble.message);
        }
    }
    return {};
}

Result<void> Daemon::round() {
    consumer_->poll(Duration(0));
    mailbox_.run_all();
    auto fine = check_troubles();
    if (!fine) return fine;
    const Instant now = wall_now();
    if (now - last_metrics_ >= kMetricsEvery) tell_metrics(now);
    if (!assigned_) {
        consumer_->wait(Duration(50));
        return {};
    }
    const auto begin = std::chrono::steady_clock::now();
    const bool worked = TOCSIN_TRY(engine_->step(now));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (worked) metrics_.observe("event_processing_duration_seconds", {"engine"}, took.count());
    if (std::exchange(cannot_store_, false)) not_ready("");
    standing_still_ = engine_->standing_still();
    if (engine_->caught_up()) dispatcher_->caught_up();
    if (now - last_group_commit_ >= kGroupCommitEvery) {
        last_group_commit_ = now;
        commit_to_group();
    }
    // With new rules to judge over what is remembered half a core is left to others.
    if (!worked) consumer_->wait(engine_->warming() ? Engine::kSweepFor : Duration(20));
    return {};
}

void Daemon::commit_to_group() {
    if (options_.embedded || !assigned_) return;
    std::map<kafka::TopicPartition, std::int64_t> next;
    // What is on disk: after a power cut a group ahead of the state would look like a lost state.
    for (const Lane& lane : engine_->lanes())
        next[{lane.topic, static_cast<std::int32_t>(lane.index)}] = lane.synced_next;
    consumer_->commit(next);
}

void Daemon::loop() {
    Instant last_alive = kBeforeAll;
    while (!stopping_) {
        auto done = round();
        if (!done) {
            const ErrorKind kind = done.error().kind;
            if (kind == ErrorKind::kRetry && !start_error_) {
                if (!cannot_store_) log_error("daemon", done.error().message);
                cannot_store_ = true;
                not_ready(done.error().message);
                consumer_->wait(Duration(500));
                continue;
            }
            log_error("daemon", done.error().message);
            not_ready(done.error().message);
            const std::lock_guard lock(mutex_);
            failure_ = done.error().message;
            return;
        }
        if (const Instant now = wall_now(); now - last_alive >= std::chrono::seconds(1)) {
            service::alive();
            last_alive = now;
        }
    }
}

}  // namespace tocsin::pipeline
