#pragma once
/// A record that is no event, on its way to dead_letter_topic: what it was, where it stood, why it was refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/event.h"

namespace tocsin::outbox {

struct DeadLetter {
    /// Longer values are cut to their first bytes; headers then tell the full length and its SHA-256 (invariant I4).
    static constexpr std::size_t kValueBytesMax = 256 << 10;

    Origin origin;
    std::string code, message, stage;
    std::int64_t timestamp_ms = 0;  ///< of the record, as Kafka has it
    std::string key, value;
    bool has_value = true;                                     ///< false: the record had none (null)
    std::vector<std::pair<std::string, std::string>> headers;  ///< original ones first, then ours

    /// "topic/partition/offset": readers and metrics count by it, because a dead letter may come twice.
    [[nodiscard]] std::string id() const;
};

/// Fills the headers tocsin.error.{code,message,stage,topic,partition,offset,timestamp} and cuts a long value.
void finish(DeadLetter& letter);
/// The broker refused it for its size: cuts the value to half, then leaves out the original headers, then the key.
/// False: nothing is left to cut.
bool cut_further(DeadLetter& letter);

/// The body of its notice: topic, partition, offset, code, message, stage, timestamp_ms, key, a byte (1: it has a
/// value), value, the number of headers, then name and value of each (strings and signed numbers of ledger/codec.h).
std::string encode_dead_letter(const DeadLetter& letter);
/// Empty: damaged.
std::optional<DeadLetter> decode_dead_letter(std::string_view bytes);

}  // namespace tocsin::outbox
