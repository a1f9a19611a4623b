// Any bytes: the decoder and the grammar reader must agree on what is JSON, and what is accepted must survive the
// canonical form unchanged.
#include <cstddef>
#include <cstdint>
#include <string>

#include "decode/canonical.h"
#include "decode/decoder.h"
#include "decode/json_fault.h"
#include "tocsin/check.h"

namespace {

using namespace tocsin;

struct Fixture {
    EventSchema schema = EventSchema::builtin();
    decode::Decoder mapped = [this] {
        decode::TopicMapping mapping;
        mapping.topic = "fuzz";
        mapping.kind.pointer = "/event";
        mapping.fields["customer"].pointer = "/who/0/number";
        return decode::Decoder::make(schema, mapping).value();
    }();
    decode::Decoder canonical = decode::Decoder::canonical(schema);
};

bool is_json(std::string_view text) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    return !decode::find_json_fault(text).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Fixture fixture;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const decode::OriginRef origin{"fuzz", 0, 1};
    Event event;
    const auto refused = fixture.mapped.decode(text, origin, event);
    if (refused) {
        const bool beyond_limits = refused->message.find("nested deeper") != std::string::npos;
        const bool invalid = refused->code == decode::RejectCode::kJsonInvalid;
        TOCSIN_CHECK(!invalid || beyond_limits || !is_json(text), "what is refused as invalid is invalid");
        return 0;
    }
    TOCSIN_CHECK(is_json(text), "what is accepted is JSON");
    TOCSIN_CHECK(!event.id.empty(), "every event has an id");

    std::string first, second;
    decode::encode_canonical(event, fixture.schema, first);
    Event again;
    const auto lost = fixture.canonical.decode(first, origin, again);
    TOCSIN_CHECK(!lost.has_value(), "the canonical form is readable");
    decode::encode_canonical(again, fixture.schema, second);
    TOCSIN_CHECK(first == second, "the canonical form is stable");
    return 0;
}
