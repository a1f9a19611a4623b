#pragma once
/// A broker inside the process, for the demonstration and for quick tests: librdkafka's mock cluster.
///
/// Its limits: it keeps 5 MiB or 100,000 message sets per partition and silently drops the oldest; it forgets
/// everything with the process; it has no admin interface, no compaction, no transactions, no offsets by time, no
/// security; its first group join takes 3 s. Nothing about exactness is proved on it: tests of that need a real broker.

#include <memory>
#include <string>

#include "tocsin/result.h"

namespace tocsin::kafka {

class EmbeddedBroker {
public:
    static Result<std::unique_ptr<EmbeddedBroker>> start();
    ~EmbeddedBroker();
    EmbeddedBroker(const EmbeddedBroker&) = delete;
    EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

    Result<void> create(const std::string& topic, int partitions);
    [[nodiscard]] std::string bootstrap() const;

private:
    struct Cluster;
    explicit EmbeddedBroker(std::unique_ptr<Cluster> cluster);
    std::unique_ptr<Cluster> cluster_;
};

}  // namespace tocsin::kafka
