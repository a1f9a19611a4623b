#pragma once
/// One task at work: its unread records, the event at their head, and what the next commit must say about the log.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decode/decoder.h"
#include "intake/origin_filter.h"
#include "pipeline/log_source.h"
#include "store/task_store.h"
#include "task/task.h"

namespace tocsin::pipeline {

/// Where a task stands in the log, stored with its state (key "o").
struct Position {
    std::int64_t next = 0;          ///< offset of the next record to apply
    std::int64_t last = -1;         ///< offset of the last one applied; -1: none
    std::uint64_t fingerprint = 0;  ///< of that record: the continuity check at the next start
};
std::string encode_position(const Position& position);
std::optional<Position> decode_position(std::string_view bytes);
constexpr std::string_view kPositionKey = "o";
constexpr std::string_view kCaughtUpKey =
    "u";  ///< there once the task has been caught up: receivers are told from then on

/// A record that is set aside: reason, origin and original bytes go to the dead letter topic.
struct SetAside {
    std::string code, message, stage;
};

struct Lane {
    std::uint32_t index = 0;  ///< of the task, and of the partition
    std::string topic;        ///< the log's name
    task::Task* task = nullptr;
    std::unique_ptr<store::TaskStore> store;
    std::unique_ptr<decode::Decoder> decoder;
    intake::OriginFilter origins;
    Position position;
    std::int64_t synced_next = 0;  ///< position.next as it is on disk: what the group may be told
    bool placed = false;           ///< it is known where reading begins; before that nothing is stored
    bool moved = false;            ///< records were taken since the last commit
    bool has_state = false;        ///< a position was stored before this process
    bool has_rows = false;         ///< the batch holds outbox rows
    bool caught_up_once = false;   ///< stored: before it, receivers get nothing (design 4)

    const LogRecord* last_taken = nullptr;  ///< of the present fetch; its fingerprint is still to be taken
    bool verify = false;                    ///< the next record must be the last one applied: continuity check
    std::span<const LogRecord> unread;      ///< fetched, the first one is next
    std::optional<Event> head;              ///< the event of unread.front(), decoded and accepted
    intake::OriginStamp origin;             ///< of the head; its topic looks into the record
    Instant waited_since = kNever;          ///< since when this lane has held up the others without a record
    Instant taken_to = kBeforeAll;          ///< rekey: no record of a backlog before this event time is still to come
    Instant idle_at = kBeforeAll;  ///< rekey: nothing that was in the inputs at this wall time is still to come
    std::uint64_t next_row = 1;    ///< number of the next outbox row
    WriteBatch batch;
    WriteBatch late;  ///< Faults::offset_outside_batch: the changes that belong to the position stored already
};

/// Restores a lane whose store was just opened and whose task is empty: the position, after which reading begins with a
/// continuity check, the origins, the task. `row` gets the outbox's rows and the progress of inputs. Errors: kFatal, an
/// entry is damaged.
Result<void> load_stored(Lane& lane,
                         const std::function<Result<void>(std::string_view key, std::string_view value)>& row);

}  // namespace tocsin::pipeline
