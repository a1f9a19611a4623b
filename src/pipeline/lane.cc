#include "pipeline/lane.h"

#include "base/digest.h"
#include "ledger/codec.h"

namespace tocsin::pipeline {
namespace {
constexpr std::uint8_t kFormat = 1;
}

std::uint64_t fingerprint_of(const LogRecord& record) {
    std::string timestamp;
    ledger::put_instant(timestamp, record.timestamp);
    return hash64(record.value) * 31 + hash64(record.key) * 17 + hash64(timestamp);
}

std::string encode_position(const Position& position) {
    std::string out;
    out.push_back(static_cast<char>(kFormat));
    ledger::put_signed(out, position.next);
    ledger::put_signed(out, position.last);
    ledger::put_fixed64(out, position.fingerprint);
    return out;
}

std::optional<Position> decode_position(std::string_view bytes) {
    ledger::Reader in(bytes);
    if (in.byte() != kFormat) return std::nullopt;
    Position position;
    position.next = in.signed_varint();
    position.last = in.signed_varint();
    position.fingerprint = in.fixed64();
    if (!in.ok() || !in.done()) return std::nullopt;
    return position;
}

}  // namespace tocsin::pipeline
