#include "kafka/client.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "kafka/handles.h"

namespace tocsin::kafka {
namespace {

constexpr int kScramFixedIn = 0x020601ff;  // 2.6.1

// What the daemon's exactness rests on; a user's value would break it silently.
constexpr std::array<std::string_view, 12> kOwned{"bootstrap.servers",
                                                  "metadata.broker.list",
                                                  "group.id",
                                                  "enable.auto.commit",
                                                  "enable.auto.offset.store",
                                                  "auto.offset.reset",
                                                  "partition.assignment.strategy",
                                                  "enable.partition.eof",
                                                  "enable.idempotence",
                                                  "isolation.level",
                                                  "group.protocol",
                                                  "transactional.id"};

}  // namespace

Result<ConfHandle> make_conf(const Properties& defaults, const ClientOptions& options, const Properties& owned) {
    ConfHandle conf(rd_kafka_conf_new());
    char reason[512];
    const auto apply = [&](const Properties& properties) -> Result<void> {
        for (const auto& [name, value] : properties) {
            if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK) {
                return reject("kafka.client_properties: " + std::string(reason));
            }
        }
        return {};
    };
    for (const Properties* each : {&defaults, &options.properties, &owned}) {
        auto applied = apply(*each);
        if (!applied) return std::move(applied).error();
    }
    if (!options.brokers.empty()) {
        auto applied = apply({{"bootstrap.servers", options.brokers}});
        if (!applied) return std::move(applied).error();
    }
    return conf;
}

Result<void> check_client(const Properties& properties) {
    ConfHandle conf(rd_kafka_conf_new());
    char reason[512];
    for (const auto& [name, value] : properties) {
        if (std::find(kOwned.begin(), kOwned.end(), name) != kOwned.end()) {
            return reject("kafka.client_properties: \"" + name +
                          "\" is set by tocsin, whose counting rests on it; remove it");
        }
        if (name == "sasl.mechanisms" || name == "sasl.mechanism") {
            if (value.find("SCRAM") != std::string::npos && rd_kafka_version() < kScramFixedIn) {
                return reject(
                    std::string("kafka.client_properties: SASL/SCRAM does not work with librdkafka ") +
                    rd_kafka_version_str() +
                    " (it sends the nonce twice; mended in 2.6.1); use mTLS, or PLAIN over TLS, or a newer librdkafka");
            }
        }
        if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK) {
            return reject("kafka.client_properties: \"" + name + "\": " + reason);
        }
    }
    return {};
}

Trouble trouble_of(rd_kafka_resp_err_t code, const std::string& reason) {
    Trouble trouble;
    trouble.message = std::string(rd_kafka_err2name(code)) + ": " + reason;
    switch (code) {
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            trouble.kind = Trouble::Kind::kOffsetOutOfRange;
            break;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            trouble.kind = Trouble::Kind::kTopicGone;
            break;
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            trouble.kind = Trouble::Kind::kAuthentication;
            break;
        case RD_KAFKA_RESP_ERR__FATAL:
        case RD_KAFKA_RESP_ERR__FENCED:
            trouble.kind = Trouble::Kind::kFatal;
            break;
        default:
            trouble.kind = Trouble::Kind::kTransient;
    }
    return trouble;
}

std::string_view kind_name(Trouble::Kind kind) {
    static constexpr std::array<std::string_view, 5> kNames{"transient", "offset_out_of_range", "topic_gone",
                                                            "authentication", "fatal"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::int32_t partition_of(std::string_view key, std::int32_t partitions) {
    return static_cast<std::int32_t>(crc32(key) % static_cast<std::uint32_t>(partitions));
}

std::int32_t murmur2_partition_of(std::string_view key, std::int32_t partitions) {
    constexpr std::uint32_t kM = 0x5bd1e995;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
    std::uint32_t h = 0x9747b28c ^ static_cast<std::uint32_t>(key.size());
    std::size_t i = 0;
    for (; i + 4 <= key.size(); i += 4) {
        std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
        k *= kM;
        k ^= k >> 24;
        h = (h * kM) ^ (k * kM);
    }
    const std::size_t rest = key.size() - i;
    if (rest >= 3) h ^= byte(i + 2) << 16;
    if (rest >= 2) h ^= byte(i + 1) << 8;
    if (rest >= 1) h = (h ^ byte(i)) * kM;
    h ^= h >> 13;
    h *= kM;
    h ^= h >> 15;
    return static_cast<std::int32_t>((h & 0x7fffffff) % static_cast<std::uint32_t>(partitions));
}

}  // namespace tocsin::kafka
