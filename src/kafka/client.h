#pragma once
/// What every Kafka client of ours is made from, and how its trouble is told. librdkafka is used by this module only.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tocsin/result.h"

namespace tocsin::kafka {

/// Names of librdkafka's properties (its CONFIGURATION.md) to values.
using Properties = std::map<std::string, std::string>;

struct ClientOptions {
    std::string brokers;    ///< bootstrap.servers
    Properties properties;  ///< the user's: security, buffers, client.id; not those that tocsin owns
};

/// Something the caller must know about a connection, a topic or a partition.
struct Trouble {
    enum class Kind {
        kTransient,         ///< the client goes on by itself
        kOffsetOutOfRange,  ///< the next record is not there: deleted by retention, or the log was cut
        kTopicGone,         ///< topic or partition unknown to the broker: stop the task
        kAuthentication,    ///< refused; retried for ever
        kFatal,             ///< the client is unusable
    };
    Kind kind = Kind::kTransient;
    std::string topic;  ///< empty: the client as a whole
    std::int32_t partition = -1;
    std::int64_t offset = -1;  ///< of kOffsetOutOfRange
    std::string message;       ///< with the remedy
};

/// As a metric's label: "transient", "offset_out_of_range", …
std::string_view kind_name(Trouble::Kind kind);

/// Checks the user's properties before any connection is made. Errors: kReject, an unknown property; one that tocsin
/// owns; SCRAM with a librdkafka before 2.6.1, which no broker of Kafka 4 accepts.
Result<void> check_client(const Properties& properties);

/// CRC-32 of the key modulo the partitions: librdkafka's `consistent` partitioner.
std::int32_t partition_of(std::string_view key, std::int32_t partitions);
/// Java's default: murmur2. To tell a topic keyed by another partitioner from one that is not keyed at all.
std::int32_t murmur2_partition_of(std::string_view key, std::int32_t partitions);

}  // namespace tocsin::kafka
