#pragma once
/// Topics: which there are, making ours, reading a few records of one.

#include <optional>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "kafka/consumer.h"
#include "tocsin/time.h"

namespace tocsin::kafka {

struct TopicState {
    std::int32_t partitions = 0;
};

struct NewTopic {
    std::string name;
    std::int32_t partitions = 1;
    int replication_factor = -1;  ///< -1: the broker's default
    std::map<std::string, std::string> settings;
};

/// Waits for the broker's answers; not for the hot path. One thread.
class Admin {
public:
    static Result<std::unique_ptr<Admin>> open(const ClientOptions& options);
    ~Admin();
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    /// Empty: there is no such topic. Errors: kRetry, no broker answers.
    Result<std::optional<TopicState>> topic(const std::string& name, Duration at_most);
    /// "delete", "compact", "compact,delete"; empty: the broker does not tell (the embedded one never does, and that
    /// takes the whole of `at_most`).
    std::string cleanup_policy(const std::string& name, Duration at_most);
    /// Makes it and waits until it can be seen; one that is there already is fine. Errors: kReject, not allowed: the
    /// message has the command to be run by somebody who may.
    Result<void> create(const NewTopic& topic, Duration at_most);
    /// The command line that creates the topic.
    static std::string create_command(const std::string& brokers, const NewTopic& topic);
    Result<std::string> cluster_id(Duration at_most);

private:
    struct Handle;
    Admin(std::unique_ptr<Handle> handle, std::string brokers);
    std::unique_ptr<Handle> handle_;
    std::string brokers_;
};

/// A record that outlives the client it was read by.
struct OwnedRecord {
    std::int64_t offset = 0;
    std::string key, value;
    bool has_value = true;  ///< false: null
    std::vector<std::pair<std::string, std::string>> headers;
    [[nodiscard]] std::string_view header(std::string_view name) const;  ///< the last of that name; empty: none
};

/// Reads a partition from `from` up to its present end, at most `max` records. For `dlq`.
Result<std::vector<OwnedRecord>> read_range(const ClientOptions& options, const TopicPartition& partition,
                                            std::int64_t from, std::size_t max, Duration at_most);

}  // namespace tocsin::kafka
