#pragma once
/// CloudEvents 1.0 on Kafka: one record, in either content mode, as the JSON text of the structured mode, so that the
/// pointers of a mapping are the same for both. The bindings: github.com/cloudevents/spec, kafka-protocol-binding.md.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/reject.h"

namespace tocsin::decode {

/// Names and values of a record's headers, as they came.
using RecordHeaders = std::vector<std::pair<std::string, std::string>>;

/// The structured text of one record.
struct StructuredEvent {
    std::string_view text;    ///< a view of the value (structured mode) or of the buffer (binary mode)
    std::size_t members = 0;  ///< binary mode: how many members the object must have, as a value that is no single JSON
                              ///< value could bring further ones; 0: any number
};

/// Binary mode is told by the header ce_specversion, structured mode by the content type application/cloudevents+json.
/// `buffer` is overwritten in binary mode and must outlive `out`.
/// A Reject has the code kCloudEvent: neither mode, a batch, or a content type that is not JSON.
[[nodiscard]] std::optional<Reject> to_structured(std::string_view value, const RecordHeaders& headers,
                                                  std::string& buffer, StructuredEvent& out);

}  // namespace tocsin::decode
