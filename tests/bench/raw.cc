/// What Kafka alone costs: reads all of a topic in batches and looks at nothing but sizes. The client's properties are
/// those of the daemon's own consumer.    bench_raw BROKERS TOPIC PARTITIONS

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kafka/consumer.h"
#ifdef TOCSIN_HUGE_PAGES
#include "app/main/memory.h"
#endif

int main(int argc, char** argv) {
#ifdef TOCSIN_HUGE_PAGES
    tocsin::app::grow_in_huge_pages();
#endif
    if (argc != 4) {
        std::fputs("usage: bench_raw BROKERS TOPIC PARTITIONS\n", stderr);
        return 2;
    }
    const int partitions = std::atoi(argv[3]);
    char reason[512] = "";
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    auto properties = tocsin::kafka::consumer_properties();
    properties["bootstrap.servers"] = argv[1];
    properties["group.id"] = "bench-raw";
    for (const auto& [name, value] : properties) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK) continue;
        std::fprintf(stderr, "bench_raw: %s\n", reason);
        return 1;
    }
    rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (handle == nullptr) {
        std::fprintf(stderr, "bench_raw: %s\n", reason);
        return 1;
    }
    rd_kafka_poll_set_consumer(handle);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int p = 0; p < partitions; ++p)
        rd_kafka_topic_partition_list_add(list, argv[2], p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(handle, list);
    rd_kafka_topic_partition_list_destroy(list);

    rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(handle);
    std::vector<rd_kafka_message_t*> messages(2'000);
    unsigned long long records = 0, bytes = 0;
    for (int at_end = 0; at_end < partitions;) {
        const auto n = rd_kafka_consume_batch_queue(queue, 1'000, messages.data(), messages.size());
        for (ssize_t i = 0; i < n; ++i) {
            rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                ++records;
                bytes += message->len;
            } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                ++at_end;
            } else {
                std::fprintf(stderr, "bench_raw: %s\n", rd_kafka_message_errstr(message));
                return 1;
            }
            rd_kafka_message_destroy(message);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    std::printf("%llu %llu\n", records, bytes);
    return 0;
}
