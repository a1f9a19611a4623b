#include "pipeline/lane.h"

#include "base/digest.h"
#include "intake/progress.h"
#include "ledger/codec.h"
#include "outbox/notice.h"

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

Result<void> load_stored(Lane& lane, const std::function<Result<void>(std::string_view, std::string_view)>& row) {
    return lane.store->load([&](std::string_view key, std::string_view value) -> Result<void> {
        if (key == kPositionKey) {
            const auto position = decode_position(value);
            if (!position) return fatal("the stored position is damaged; restore the state directory");
            lane.position = *position;
            lane.synced_next = position->next;
            lane.has_state = lane.placed = true;
            lane.verify = position->last >= 0;
            return {};
        }
        if (key == kCaughtUpKey) {
            lane.caught_up_once = true;
            return {};
        }
        if (key.front() == outbox::kRowPrefix || key.front() == intake::ProgressTable::kKeyPrefix)
            return row(key, value);
        if (key.front() == intake::OriginFilter::kKeyPrefix) {
            return lane.origins.load(key, value) ? Result<void>()
                                                 : fatal("a stored origin is damaged; restore the state directory");
        }
        return lane.task->load(key, value);
    });
}

}  // namespace tocsin::pipeline
