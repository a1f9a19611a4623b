#include "kafka/consumer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.h"
#include "kafka/handles.h"

namespace tocsin::kafka {
namespace {

constexpr Duration kWatchEvery = std::chrono::milliseconds(250);

// reliability: what was measured to survive a broker's restart without a rebalance, and to keep fetching in catch-up
// (the client pauses a full second whenever a partition's queue is over its limit).
const Properties kDefaults{{"session.timeout.ms", "45000"},
                           {"heartbeat.interval.ms", "3000"},
                           {"max.poll.interval.ms", "300000"},
                           {"reconnect.backoff.ms", "100"},
                           {"reconnect.backoff.max.ms", "1000"},
                           {"topic.metadata.refresh.interval.ms", "10000"},
                           {"check.crcs", "true"},
                           {"queued.min.messages", "20000"},
                           {"queued.max.messages.kbytes", "16384"},
                           {"fetch.message.max.bytes", "1048576"},
                           {"fetch.wait.max.ms", "100"},
                           {"fetch.error.backoff.ms", "200"},
                           {"socket.keepalive.enable", "true"},
                           {"statistics.interval.ms", "5000"},
                           {"client.id", "tocsin"},
                           {"log_level", "3"}};
const Properties kOwned{
    {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},      {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"}, {"partition.assignment.strategy", "range"}, {"enable.partition.eof", "true"},
    {"allow.auto.create.topics", "false"}};

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

ListHandle list_of(const std::vector<TopicPartition>& partitions) {
    ListHandle list = make_list(static_cast<int>(partitions.size()));
    for (const TopicPartition& p : partitions)
        rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition);
    return list;
}

std::int64_t to_client(std::int64_t offset) {
    if (offset == kFromBeginning) return RD_KAFKA_OFFSET_BEGINNING;
    return offset == kFromEnd ? RD_KAFKA_OFFSET_END : offset;
}

Error failed(const std::string& what, rd_kafka_resp_err_t code) {
    return retry(what + ": " + rd_kafka_err2str(code));
}

// With a topic that has vanished librdkafka 2.0 may wait for ever for a reference of its own (mended in 2.1 and 2.6.1).
// All that matters is on disk by then: the handle is left behind, and the process ends without it.
void destroy_within(rd_kafka_t* handle, Duration at_most) {
    const auto done = std::make_shared<std::promise<void>>();
    std::future<void> finished = done->get_future();
    std::thread([handle, done] {
        rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        done->set_value();
    }).detach();
    if (finished.wait_for(at_most) == std::future_status::timeout)
        log_warn("kafka", "librdkafka does not let go of a consumer; it is left behind");
}

}  // namespace

Properties consumer_properties() {
    Properties all = kDefaults;
    for (const auto& [name, value] : kOwned) all[name] = value;
    return all;
}

Message& Message::operator=(Message&& other) noexcept {
    std::swap(message_, other.message_);
    return *this;
}
Message::~Message() {
    if (message_ != nullptr) rd_kafka_message_destroy(message_);
}
std::int64_t Message::offset() const {
    return message_->offset;
}
std::int64_t Message::timestamp_ms() const {
    return rd_kafka_message_timestamp(message_, nullptr);
}
std::string_view Message::key() const {
    return {static_cast<const char*>(message_->key), message_->key_len};
}
std::string_view Message::value() const {
    return {static_cast<const char*>(message_->payload), message_->len};
}
bool Message::has_value() const {
    return message_->payload != nullptr;
}

std::string_view Message::header(const char* name) const {
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(message_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return {static_cast<const char*>(value), size};
}

std::vector<std::pair<std::string, std::string>> Message::headers() const {
    std::vector<std::pair<std::string, std::string>> all;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return all;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        all.emplace_back(name, value == nullptr ? std::string() : std::string(static_cast<const char*>(value), size));
    }
    return all;
}

struct Consumer::Partition {
    QueueHandle queue;
    std::int64_t end = -1;  // where the broker said that nothing follows; -1: something may have
};

struct Callbacks {
    static void error(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
        auto& self = *static_cast<Consumer*>(opaque);
        Trouble trouble = trouble_of(static_cast<rd_kafka_resp_err_t>(code), reason);
        if (code == RD_KAFKA_RESP_ERR__FATAL) {
            char text[512];
            rd_kafka_fatal_error(handle, text, sizeof text);
            trouble.message = text;
        }
        // "topic [0]: desired partition is no longer available"
        const std::string_view text(reason);
        if (trouble.kind == Trouble::Kind::kTopicGone) trouble.topic = text.substr(0, text.find(" ["));
        const std::lock_guard lock(self.mutex_);
        self.troubles_.push_back(std::move(trouble));
    }
    static int stats(rd_kafka_t*, char* text, std::size_t size, void* opaque) {
        auto& self = *static_cast<Consumer*>(opaque);
        auto told = parse_statistics({text, size});
        if (!told) return 0;
        const std::lock_guard lock(self.mutex_);
        told->number = self.statistics_.number + 1;
        self.statistics_ = std::move(*told);
        return 0;
    }
    static void committed(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void* opaque) {
        if (code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
        auto& self = *static_cast<Consumer*>(opaque);
        const std::lock_guard lock(self.mutex_);
        ++(code == RD_KAFKA_RESP_ERR_NO_ERROR ? self.commits_.done : self.commits_.failed);
    }
};

std::optional<Statistics> parse_statistics(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    Statistics out;
    const auto empty = nlohmann::json::object();
    const auto brokers = json.value("brokers", empty);
    // By their ids: a connection to the group's coordinator is one more to the same broker, and the address one started
    // from has the id -1.
    std::set<std::int64_t> up;
    for (const auto& [name, broker] : brokers.items()) {
        const auto id = broker.value("nodeid", std::int64_t{-1});
        if (id >= 0 && broker.value("state", "") == "UP") up.insert(id);
    }
    out.brokers_up = static_cast<int>(up.size());
    const auto topics = json.value("topics", empty);
    for (const auto& [name, topic] : topics.items()) {
        const auto partitions = topic.value("partitions", empty);
        for (const auto& [number, partition] : partitions.items()) {
            const auto id = partition.value("partition", -1);
            if (id < 0) continue;  // where records without a known partition wait
            out.partitions[{name, id}] = {partition.value("hi_offset", std::int64_t{-1}),
                                          partition.value("fetch_state", "") == "active"};
        }
    }
    return out;
}

Consumer::Consumer(ConsumerOptions options, Hooks hooks) : options_(std::move(options)), hooks_(std::move(hooks)) {}

Result<std::unique_ptr<Consumer>> Consumer::open(ConsumerOptions options, Hooks hooks) {
    std::unique_ptr<Consumer> self(new Consumer(std::move(options), std::move(hooks)));
    Properties owned = kOwned;
    owned["group.id"] = self->options_.group_id;
    if (!self->options_.instance_id.empty() && !self->options_.assign_all)
        owned["group.instance.id"] = self->options_.instance_id;
    ConfHandle conf = TOCSIN_TRY(make_conf(kDefaults, self->options_.client, owned));
    rd_kafka_conf_set_opaque(conf.get(), self.get());
    rd_kafka_conf_set_error_cb(conf.get(), &Callbacks::error);
    rd_kafka_conf_set_stats_cb(conf.get(), &Callbacks::stats);
    rd_kafka_conf_set_offset_commit_cb(conf.get(), &Callbacks::committed);
    rd_kafka_conf_set_rebalance_cb(
        conf.get(), [](rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                       void* opaque) { on_rebalance(handle, code, list, opaque); });
    char reason[512];
    self->handle_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason, sizeof reason);
    if (self->handle_ == nullptr) return reject("kafka: " + std::string(reason));
    static_cast<void>(conf.release());  // the handle owns it now
    self->event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rd_kafka_poll_set_consumer(self->handle_);
    {
        const QueueHandle main(rd_kafka_queue_get_consumer(self->handle_));
        const std::uint64_t one = 1;
        rd_kafka_queue_io_event_enable(main.get(), self->event_fd_, &one, sizeof one);
    }
    if (self->options_.assign_all) {
        auto assigned = self->assign_everything();
        if (!assigned) return std::move(assigned).error();
    } else {
        std::vector<TopicPartition> topics;
        for (const std::string& topic : self->options_.topics) topics.push_back({topic, RD_KAFKA_PARTITION_UA});
        const auto code = rd_kafka_subscribe(self->handle_, list_of(topics).get());
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka: cannot subscribe", code);
    }
    if (self->options_.watch_watermarks) self->watcher_ = std::thread([raw = self.get()] { raw->watch(); });
    return self;
}

Consumer::~Consumer() {
    closing_ = true;
    if (watcher_.joinable()) watcher_.join();
    partitions_.clear();  // a queue that is still held would hang the destroy
    if (handle_ != nullptr) {
        if (!options_.assign_all) {
            // Bounded: rd_kafka_consumer_close() may wait for a coordinator that is gone.
            const QueueHandle queue(rd_kafka_queue_new(handle_));
            if (rd_kafka_error_t* error = rd_kafka_consumer_close_queue(handle_, queue.get()))
                rd_kafka_error_destroy(error);
            for (auto left = kCloseTimeout; !rd_kafka_consumer_closed(handle_) && left > Duration(0);
                 left -= Duration(100)) {
                rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), 100);
                if (event == nullptr) continue;
                if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) rd_kafka_assign(handle_, nullptr);
                rd_kafka_event_destroy(event);
            }
        }
        destroy_within(handle_, kCloseTimeout);
    }
    if (event_fd_ >= 0) close(event_fd_);
}

void Consumer::on_rebalance(rd_kafka_s*, int code, void* list, void* opaque) {
    auto& self = *static_cast<Consumer*>(opaque);
    ++self.rebalances_;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        self.assign(list);
    else
        self.unassign();
}

void Consumer::assign(void* raw) {
    auto* list = static_cast<rd_kafka_topic_partition_list_t*>(raw);
    assignment_.clear();
    for (int i = 0; i < list->cnt; ++i) {
        TopicPartition p{list->elems[i].topic, list->elems[i].partition};
        list->elems[i].offset = to_client(hooks_.start ? hooks_.start(p) : kFromBeginning);
        assignment_.push_back(std::move(p));
    }
    // The queues first: what arrives between the assignment and its own queue would come out of the main one.
    open_queues(assignment_);
    rd_kafka_assign(handle_, list);
    if (hooks_.assigned) hooks_.assigned(assignment_);
}

void Consumer::open_queues(const std::vector<TopicPartition>& partitions) {
    partitions_.clear();
    const std::uint64_t one = 1;
    for (const TopicPartition& p : partitions) {
        auto partition = std::make_unique<Partition>();
        partition->queue.reset(rd_kafka_queue_get_partition(handle_, p.topic.c_str(), p.partition));
        if (partition->queue == nullptr) continue;
        rd_kafka_queue_forward(partition->queue.get(), nullptr);
        rd_kafka_queue_io_event_enable(partition->queue.get(), event_fd_, &one, sizeof one);
        partitions_[p] = std::move(partition);
    }
    const std::lock_guard lock(mutex_);
    watched_ = partitions;
    watermarks_.clear();
}

void Consumer::unassign() {
    if (hooks_.revoked) hooks_.revoked();
    partitions_.clear();
    assignment_.clear();
    {
        const std::lock_guard lock(mutex_);
        watched_.clear();
        watermarks_.clear();
    }
    rd_kafka_assign(handle_, nullptr);
}

Result<void> Consumer::assign_everything() {
    std::vector<TopicPartition> all;
    for (const std::string& topic : options_.topics) {
        rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_, topic.c_str(), nullptr);
        const rd_kafka_metadata_t* metadata = nullptr;
        const auto code = rd_kafka_metadata(handle_, 0, handle, &metadata, 10'000);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            for (int t = 0; t < metadata->topic_cnt; ++t) {
                for (int p = 0; p < metadata->topics[t].partition_cnt; ++p) all.push_back({topic, p});
            }
            rd_kafka_metadata_destroy(metadata);
        }
        rd_kafka_topic_destroy(handle);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka: topic " + topic, code);
    }
    const ListHandle list = list_of(all);
    assign(list.get());
    return {};
}

void Consumer::poll(Duration at_most) {
    rd_kafka_message_t* raw = rd_kafka_consumer_poll(handle_, static_cast<int>(at_most.count()));
    for (; raw != nullptr; raw = rd_kafka_consumer_poll(handle_, 0)) {
        const MessageHandle message(raw);
        const char* reason = rd_kafka_message_errstr(message.get());  // null for a record
        Trouble trouble = trouble_of(message->err, reason == nullptr ? "" : reason);
        if (message->rkt != nullptr) {
            trouble.topic = rd_kafka_topic_name(message->rkt);
            trouble.partition = message->partition;
        }
        // No data comes here: each partition has a queue of its own.
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            trouble.kind = Trouble::Kind::kFatal;
            trouble.message = "a record came outside its partition's queue; restart the process";
        } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            continue;
        }
        const std::lock_guard lock(mutex_);
        troubles_.push_back(std::move(trouble));
    }
}

void Consumer::fetch(const TopicPartition& where, std::vector<Message>& out, std::size_t max) {
    const auto it = partitions_.find(where);
    if (it == partitions_.end()) return;
    if (fetched_.size() < max) fetched_.resize(max);
    const auto n = rd_kafka_consume_batch_queue(it->second->queue.get(), 0, fetched_.data(), max);
    for (std::size_t i = 0; n > 0 && i < static_cast<std::size_t>(n); ++i) {
        rd_kafka_message_t* message = fetched_[i];
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            it->second->end = -1;
            out.emplace_back(message);
            continue;
        }
        const MessageHandle owned(message);
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            it->second->end = message->offset;
            continue;
        }
        Trouble trouble = trouble_of(message->err, rd_kafka_message_errstr(message));
        trouble.topic = where.topic;
        trouble.partition = where.partition;
        trouble.offset = message->offset;
        const std::lock_guard lock(mutex_);
        troubles_.push_back(std::move(trouble));
    }
}

std::int64_t Consumer::end_of(const TopicPartition& where) const {
    const auto it = partitions_.find(where);
    return it == partitions_.end() ? -1 : it->second->end;
}

void Consumer::watch() {
    while (!closing_) {
        std::vector<TopicPartition> watched;
        {
            const std::lock_guard lock(mutex_);
            watched = watched_;
        }
        for (const TopicPartition& p : watched) {
            if (closing_) return;
            std::int64_t low = 0, high = 0;
            const Instant asked_at = wall_now();
            if (rd_kafka_query_watermark_offsets(handle_, p.topic.c_str(), p.partition, &low, &high, 2'000) !=
                RD_KAFKA_RESP_ERR_NO_ERROR)
                continue;
            const std::lock_guard lock(mutex_);
            auto& answers = watermarks_[p];
            if (answers.size() >= 64) answers.erase(answers.begin());
            answers.push_back({asked_at, high});
        }
        wake();
        for (int i = 0; i < 10 && !closing_; ++i) std::this_thread::sleep_for(kWatchEvery / 10);
    }
}

std::vector<HighWatermark> Consumer::take_high_watermarks(const TopicPartition& partition) {
    const std::lock_guard lock(mutex_);
    const auto it = watermarks_.find(partition);
    return it == watermarks_.end() ? std::vector<HighWatermark>() : std::exchange(it->second, {});
}

void Consumer::wait(Duration at_most) {
    pollfd fd{event_fd_, POLLIN, 0};
    if (::poll(&fd, 1, static_cast<int>(at_most.count())) <= 0) return;
    std::uint64_t count = 0;
    static_cast<void>(!read(event_fd_, &count, sizeof count));
}

void Consumer::wake() {
    const std::uint64_t one = 1;
    static_cast<void>(!write(event_fd_, &one, sizeof one));
}

void Consumer::commit(const std::map<TopicPartition, std::int64_t>& next_offsets, const std::string& metadata) {
    if (next_offsets.empty()) return;
    const ListHandle list = make_list();
    for (const auto& [p, offset] : next_offsets) {
        auto* entry = rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition);
        entry->offset = offset;
        if (metadata.empty()) continue;
        entry->metadata = strdup(metadata.c_str());  // the list frees it
        entry->metadata_size = metadata.size();
    }
    rd_kafka_commit(handle_, list.get(), /*async=*/1);
}

Result<std::map<TopicPartition, Consumer::Committed>> Consumer::committed(const std::vector<TopicPartition>& partitions,
                                                                          Duration at_most) {
    const ListHandle list = list_of(partitions);
    const auto code = rd_kafka_committed(handle_, list.get(), static_cast<int>(at_most.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka: committed offsets", code);
    std::map<TopicPartition, Committed> result;
    for (int i = 0; i < list->cnt; ++i) {
        const auto& entry = list->elems[i];
        Committed& c = result[{entry.topic, entry.partition}];
        c.offset = entry.offset >= 0 ? entry.offset : -1;
        if (entry.metadata != nullptr) c.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
    }
    return result;
}

Result<std::pair<std::int64_t, std::int64_t>> Consumer::bounds(const TopicPartition& p, Duration at_most) {
    std::int64_t low = 0, high = 0;
    const auto code = rd_kafka_query_watermark_offsets(handle_, p.topic.c_str(), p.partition, &low, &high,
                                                       static_cast<int>(at_most.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed("kafka: ends of " + p.topic + "/" + std::to_string(p.partition), code);
    return std::pair(low, high);
}

Result<std::int64_t> Consumer::offset_at(const TopicPartition& p, Instant time, Duration at_most) {
    const ListHandle list = make_list();
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = to_millis(time);
    const auto code = rd_kafka_offsets_for_times(handle_, list.get(), static_cast<int>(at_most.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka: offset at a time", code);
    if (list->elems[0].offset >= 0) return list->elems[0].offset;
    return TOCSIN_TRY(bounds(p, at_most)).second;
}

Statistics Consumer::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

Commits Consumer::commits() const {
    const std::lock_guard lock(mutex_);
    return commits_;
}

std::vector<Trouble> Consumer::take_troubles() {
    const std::lock_guard lock(mutex_);
    return std::exchange(troubles_, {});
}

}  // namespace tocsin::kafka
