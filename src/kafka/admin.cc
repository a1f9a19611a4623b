#include "kafka/admin.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "kafka/handles.h"

namespace tocsin::kafka {
namespace {

using Clock = std::chrono::steady_clock;

int millis(Duration d) {
    return static_cast<int>(d.count());
}

}  // namespace

struct Admin::Handle {
    rd_kafka_t* kafka = nullptr;
    ~Handle() {
        if (kafka != nullptr) rd_kafka_destroy(kafka);
    }
};

Admin::Admin(std::unique_ptr<Handle> handle, std::string brokers)
    : handle_(std::move(handle)), brokers_(std::move(brokers)) {}
Admin::~Admin() = default;

Result<std::unique_ptr<Admin>> Admin::open(const ClientOptions& options) {
    ConfHandle conf = TOCSIN_TRY(
        make_conf({{"log_level", "3"}, {"client.id", "tocsin"}}, options, {{"allow.auto.create.topics", "false"}}));
    char reason[512];
    auto handle = std::make_unique<Handle>();
    handle->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason);
    if (handle->kafka == nullptr) return reject("kafka: " + std::string(reason));
    static_cast<void>(conf.release());
    return std::unique_ptr<Admin>(new Admin(std::move(handle), options.brokers));
}

Result<std::optional<TopicState>> Admin::topic(const std::string& name, Duration at_most) {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_->kafka, name.c_str(), nullptr);
    const auto code = rd_kafka_metadata(handle_->kafka, 0, handle, &metadata, millis(at_most));
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return retry("kafka: no broker answers at " + brokers_ + " (" + rd_kafka_err2str(code) + ")");
    std::optional<TopicState> state;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        const auto& t = metadata->topics[i];
        if (name != t.topic || t.err != RD_KAFKA_RESP_ERR_NO_ERROR || t.partition_cnt == 0) continue;
        state = TopicState{t.partition_cnt};
    }
    rd_kafka_metadata_destroy(metadata);
    return state;
}

std::string Admin::cleanup_policy(const std::string& name, Duration at_most) {
    const QueueHandle queue(rd_kafka_queue_new(handle_->kafka));
    rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str());
    rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(handle_->kafka, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    char reason[256];
    rd_kafka_AdminOptions_set_request_timeout(options, millis(at_most), reason, sizeof reason);
    rd_kafka_DescribeConfigs(handle_->kafka, &resource, 1, options, queue.get());
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), millis(at_most));
    std::string policy;
    if (event != nullptr && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        std::size_t n = 0;
        const auto** resources =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
        for (std::size_t i = 0; i < n; ++i) {
            std::size_t count = 0;
            const auto** configs = rd_kafka_ConfigResource_configs(resources[i], &count);
            for (std::size_t c = 0; c < count; ++c) {
                const char* value = rd_kafka_ConfigEntry_value(configs[c]);
                if (std::string_view(rd_kafka_ConfigEntry_name(configs[c])) == "cleanup.policy" && value != nullptr)
                    policy = value;
            }
        }
    }
    if (event != nullptr) rd_kafka_event_destroy(event);
    return policy;
}

std::string Admin::create_command(const std::string& brokers, const NewTopic& topic) {
    std::string command = "kafka-topics.sh --bootstrap-server " + brokers + " --create --topic " + topic.name +
                          " --partitions " + std::to_string(topic.partitions);
    if (topic.replication_factor > 0) command += " --replication-factor " + std::to_string(topic.replication_factor);
    for (const auto& [name, value] : topic.settings) command += " --config " + name + "=" + value;
    return command;
}

Result<void> Admin::create(const NewTopic& wanted, Duration at_most) {
    char reason[512];
    rd_kafka_NewTopic_t* topic =
        rd_kafka_NewTopic_new(wanted.name.c_str(), wanted.partitions, wanted.replication_factor, reason, sizeof reason);
    if (topic == nullptr) return reject("kafka: topic " + wanted.name + ": " + reason);
    for (const auto& [name, value] : wanted.settings) rd_kafka_NewTopic_set_config(topic, name.c_str(), value.c_str());
    const QueueHandle queue(rd_kafka_queue_new(handle_->kafka));
    rd_kafka_CreateTopics(handle_->kafka, &topic, 1, nullptr, queue.get());
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), millis(at_most));
    if (event == nullptr) return retry("kafka: no answer to the creation of topic " + wanted.name);
    auto code = rd_kafka_event_error(event);
    std::string message = code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_event_error_string(event);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        std::size_t n = 0;
        const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
        if (n > 0) {
            code = rd_kafka_topic_result_error(results[0]);
            const char* text = rd_kafka_topic_result_error_string(results[0]);
            message = text == nullptr ? "" : text;
        }
    }
    rd_kafka_event_destroy(event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        return reject("kafka: topic " + wanted.name + " cannot be created (" + message +
                      "); have it created with: " + create_command(brokers_, wanted));
    }
    for (const auto deadline = Clock::now() + at_most; Clock::now() < deadline;
         std::this_thread::sleep_for(std::chrono::milliseconds(100))) {
        const auto state = this->topic(wanted.name, Duration(2'000));
        if (state.ok() && state->has_value()) return {};
    }
    return retry("kafka: topic " + wanted.name + " was created but cannot be seen yet");
}

Result<std::string> Admin::cluster_id(Duration at_most) {
    char* id = rd_kafka_clusterid(handle_->kafka, millis(at_most));
    if (id == nullptr) return retry("kafka: no broker answers at " + brokers_);
    std::string result(id);
    rd_kafka_mem_free(handle_->kafka, id);
    return result;
}

std::string_view OwnedRecord::header(std::string_view name) const {
    const auto found = std::find_if(headers.rbegin(), headers.rend(), [&](const auto& h) { return h.first == name; });
    return found == headers.rend() ? std::string_view() : std::string_view(found->second);
}

Result<std::vector<OwnedRecord>> read_range(const ClientOptions& client, const TopicPartition& where, std::int64_t from,
                                            std::size_t max, Duration at_most) {
    ConsumerOptions options;
    options.client = client;
    options.group_id = "tocsin-read-range";  // never joined: partitions are assigned by hand
    options.topics = {where.topic};
    options.assign_all = true;
    options.watch_watermarks = false;
    Consumer::Hooks hooks;
    hooks.start = [&](const TopicPartition& p) { return p == where ? from : kFromEnd; };
    auto consumer = TOCSIN_TRY(Consumer::open(options, std::move(hooks)));
    std::vector<Message> messages;
    for (const auto deadline = Clock::now() + at_most; Clock::now() < deadline && messages.size() < max;) {
        consumer->poll(Duration(0));
        consumer->fetch(where, messages, max - messages.size());
        if (consumer->at_end(where)) break;
        for (const Trouble& trouble : consumer->take_troubles()) {
            if (trouble.kind == Trouble::Kind::kOffsetOutOfRange) return reject(trouble.message);
        }
        consumer->wait(Duration(50));
    }
    // Copies: closing the consumer waits for the last message that is still held.
    std::vector<OwnedRecord> records;
    for (const Message& m : messages) {
        records.push_back({m.offset(), std::string(m.key()), std::string(m.value()), m.has_value(), m.headers()});
    }
    messages.clear();
    return records;
}

}  // namespace tocsin::kafka
