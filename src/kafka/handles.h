#pragma once
/// Owners of librdkafka's handles. A list that is not destroyed makes rd_kafka_destroy() hang for ever. Internal to the
/// module.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "kafka/client.h"

namespace tocsin::kafka {

template <typename T, void (*Destroy)(T*)>
struct Destroyer {
    void operator()(T* handle) const { Destroy(handle); }
};
using ListHandle = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                   Destroyer<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using ConfHandle = std::unique_ptr<rd_kafka_conf_t, Destroyer<rd_kafka_conf_t, rd_kafka_conf_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_t, rd_kafka_message_destroy>>;

inline ListHandle make_list(int size = 8) {
    return ListHandle(rd_kafka_topic_partition_list_new(size));
}

/// A configuration with these properties, later ones over earlier ones. Errors: kReject, librdkafka's own words.
Result<ConfHandle> make_conf(const Properties& defaults, const ClientOptions& options, const Properties& owned);

/// What an error code means for the caller; `what` names the topic and partition.
Trouble trouble_of(rd_kafka_resp_err_t code, const std::string& reason);

}  // namespace tocsin::kafka
