#include "kafka/embedded_broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace tocsin::kafka {

struct EmbeddedBroker::Cluster {
    rd_kafka_t* host = nullptr;
    rd_kafka_mock_cluster_t* mock = nullptr;
    ~Cluster() {
        if (mock != nullptr) rd_kafka_mock_cluster_destroy(mock);
        if (host != nullptr) rd_kafka_destroy(host);
    }
};

EmbeddedBroker::EmbeddedBroker(std::unique_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
EmbeddedBroker::~EmbeddedBroker() = default;

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start() {
    char reason[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // The host has no broker of its own to talk to; without this it complains about that every second.
    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    auto cluster = std::make_unique<Cluster>();
    cluster->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (cluster->host == nullptr) {
        rd_kafka_conf_destroy(conf);
        return fatal("the embedded broker cannot start: " + std::string(reason));
    }
    cluster->mock = rd_kafka_mock_cluster_new(cluster->host, 1);
    if (cluster->mock == nullptr) return fatal("the embedded broker cannot start");
    return std::unique_ptr<EmbeddedBroker>(new EmbeddedBroker(std::move(cluster)));
}

Result<void> EmbeddedBroker::create(const std::string& topic, int partitions) {
    const auto code = rd_kafka_mock_topic_create(cluster_->mock, topic.c_str(), partitions, 1);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return reject("the embedded broker cannot create topic " + topic + ": " + rd_kafka_err2str(code));
    return {};
}

std::string EmbeddedBroker::bootstrap() const {
    return rd_kafka_mock_cluster_bootstraps(cluster_->mock);
}

}  // namespace tocsin::kafka
