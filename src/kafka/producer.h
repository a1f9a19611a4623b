#pragma once
/// Writes records: idempotent, acknowledged by all replicas, in order per partition.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/client.h"
#include "tocsin/time.h"

namespace tocsin::kafka {

struct ProducerOptions {
    ClientOptions client;
    /// How long a record may stay undelivered; 0: for ever, so that none gives up while later ones pass (the intake).
    Duration message_timeout = std::chrono::minutes(2);
    /// A record that the broker refuses ends the producer (kFatal) before later ones of its partition can pass.
    bool no_gaps = false;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct OutgoingRecord {
    std::string_view topic;
    std::int32_t partition = -1;  ///< -1: by the key
    std::string_view key;         ///< empty: none
    std::string_view value;
    bool has_value = true;
    const Headers* headers = nullptr;
    std::uint64_t tag = 0;
};

struct DeliveryReport {
    enum class Outcome { kDelivered, kRetry, kTooLarge, kRefused };
    std::uint64_t tag = 0;
    Outcome outcome = Outcome::kDelivered;
    std::string reason;
};

/// One thread.
class Producer {
public:
    static Result<std::unique_ptr<Producer>> open(ProducerOptions options);
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    /// Errors: kRetry, the client's buffer is full: poll and try again; kReject, the record can never be sent; kFatal,
    /// the client is unusable: make a new one and send again what is not acknowledged.
    Result<void> produce(const OutgoingRecord& record);
    /// Serves delivery reports.
    void poll(Duration at_most);
    std::vector<DeliveryReport> take_reports() { return std::exchange(reports_, {}); }
    /// True if everything was acknowledged or refused in time.
    bool flush(Duration at_most);
    /// Empty: usable.
    [[nodiscard]] const std::string& fatal_error() const { return fatal_; }

private:
    struct Handle;
    Producer();
    std::unique_ptr<Handle> handle_;
    std::vector<DeliveryReport> reports_;
    std::string fatal_;
    friend struct ProducerCallbacks;
};

}  // namespace tocsin::kafka
