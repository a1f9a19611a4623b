#include "kafka/producer.h"

#include "kafka/handles.h"

namespace tocsin::kafka {
namespace {

const Properties kDefaults{{"compression.codec", "lz4"},
                           {"linger.ms", "5"},
                           {"reconnect.backoff.max.ms", "1000"},
                           {"socket.keepalive.enable", "true"},
                           {"message.max.bytes", "1000000"},
                           {"client.id", "tocsin"},
                           {"log_level", "3"},
                           {"allow.auto.create.topics", "false"}};

void* as_pointer(std::uint64_t tag) {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(tag));
}
std::uint64_t as_tag(void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

DeliveryReport::Outcome outcome_of(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return DeliveryReport::Outcome::kDelivered;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
            return DeliveryReport::Outcome::kTooLarge;
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
            return DeliveryReport::Outcome::kRefused;
        default:
            return DeliveryReport::Outcome::kRetry;
    }
}

}  // namespace

struct Producer::Handle {
    rd_kafka_t* kafka = nullptr;
    ~Handle() {
        if (kafka == nullptr) return;
        rd_kafka_purge(kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(kafka);
    }
};

struct ProducerCallbacks {
    static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        auto& self = *static_cast<Producer*>(opaque);
        self.reports_.push_back({as_tag(message->_private), outcome_of(message->err),
                                 message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(message->err)});
    }
    static void error(rd_kafka_t* kafka, int code, const char*, void* opaque) {
        if (code != RD_KAFKA_RESP_ERR__FATAL) return;
        char text[512];
        rd_kafka_fatal_error(kafka, text, sizeof text);
        static_cast<Producer*>(opaque)->fatal_ = text;
    }
};

Producer::Producer() : handle_(std::make_unique<Handle>()) {}
Producer::~Producer() = default;

Result<std::unique_ptr<Producer>> Producer::open(ProducerOptions options) {
    std::unique_ptr<Producer> self(new Producer());
    const Properties owned{{"enable.idempotence", "true"},
                           {"enable.gapless.guarantee", options.no_gaps ? "true" : "false"},
                           {"acks", "all"},
                           {"message.timeout.ms", std::to_string(options.message_timeout.count())}};
    // Properties of consumers in the user's list mean nothing here.
    Properties mine;
    for (const auto& [name, value] : options.client.properties) {
        const bool of_consumers = name.starts_with("fetch.") || name.starts_with("queued.") ||
                                  name.starts_with("session.") || name.starts_with("heartbeat.") ||
                                  name == "max.poll.interval.ms" || name == "check.crcs";
        if (!of_consumers) mine[name] = value;
    }
    options.client.properties = std::move(mine);
    ConfHandle conf = TOCSIN_TRY(make_conf(kDefaults, options.client, owned));
    rd_kafka_conf_set_opaque(conf.get(), self.get());
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &ProducerCallbacks::delivered);
    rd_kafka_conf_set_error_cb(conf.get(), &ProducerCallbacks::error);
    char reason[512];
    self->handle_->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason);
    if (self->handle_->kafka == nullptr) return reject("kafka: " + std::string(reason));
    static_cast<void>(conf.release());
    return self;
}

Result<void> Producer::produce(const OutgoingRecord& r) {
    if (!fatal_.empty()) return fatal("kafka: " + fatal_);
    rd_kafka_headers_t* headers = nullptr;
    if (r.headers != nullptr && !r.headers->empty()) {
        headers = rd_kafka_headers_new(r.headers->size());
        for (const auto& [name, value] : *r.headers) {
            rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                                static_cast<ssize_t>(value.size()));
        }
    }
    const std::string topic(r.topic);
    const auto code = rd_kafka_producev(
        handle_->kafka, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(r.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(r.key.empty() ? nullptr : const_cast<char*>(r.key.data()), r.key.size()),
        RD_KAFKA_V_VALUE(r.has_value ? const_cast<char*>(r.value.data() == nullptr ? "" : r.value.data()) : nullptr,
                         r.value.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(as_pointer(r.tag)), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};  // the record owns the headers now
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    const std::string message = "kafka: topic " + topic + ": " + rd_kafka_err2str(code);
    if (code == RD_KAFKA_RESP_ERR__FATAL) return fatal(message);
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return reject(message);
    return retry(message);
}

void Producer::poll(Duration at_most) {
    rd_kafka_poll(handle_->kafka, static_cast<int>(at_most.count()));
}
bool Producer::flush(Duration at_most) {
    return rd_kafka_flush(handle_->kafka, static_cast<int>(at_most.count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace tocsin::kafka
