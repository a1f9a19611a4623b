#pragma once
/// Bytes -> Event, or the reason why not. What is accepted is written in docs/input_formats.md.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "decode/cloud_event.h"
#include "decode/mapping.h"
#include "decode/reject.h"
#include "tocsin/event.h"
#include "tocsin/result.h"
#include "tocsin/schema.h"

namespace tocsin::decode {

/// Where a record stands. Names an event that has no id of its own; in a replay partition 0 and the line number.
struct OriginRef {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
};

/// Reads the records of one topic.
///
/// Owns its parser and buffers, which each record reuses: one per thread, movable, not shared. Keeps nothing of the
/// schema and the mapping it was made from; after a reload make a new one.
class Decoder {
public:
    /// The longest record. Kafka's own default is 1 MiB.
    static constexpr std::size_t kRecordBytesMax = 16u << 20;
    /// The deepest nesting of objects and arrays in a record.
    static constexpr std::size_t kDepthMax = 1024;
    /// Buffers that a single large record made larger than this are given back at the next record.
    static constexpr std::size_t kKeptBytesMax = 1u << 20;

    /// Errors: kReject, naming topic and field: see Plan::make.
    static Result<Decoder> make(const EventSchema& schema, const TopicMapping& mapping);

    /// The decoder of the internal log's values, as encode_canonical (canonical.h) writes them.
    static Decoder canonical(const EventSchema& schema);

    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;
    ~Decoder();

    /// Decodes one record. An empty answer means that `out` holds the event, whose views stay valid until the next
    /// decode() or the decoder's end; a Reject leaves `out` unspecified. A record without value (null in Kafka) is
    /// given as an empty view.
    [[nodiscard]] std::optional<Reject> decode(std::string_view value, const OriginRef& origin, Event& out);

    /// The same for a record of Kafka. Its headers say in which mode a CloudEvent is; without headers, as in a file, it
    /// is structured.
    [[nodiscard]] std::optional<Reject> decode(std::string_view value, const RecordHeaders& headers,
                                               const OriginRef& origin, Event& out);
    /// Whether decode() looks at headers: others need not fetch them.
    [[nodiscard]] bool needs_headers() const;

private:
    class Impl;
    explicit Decoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::decode
