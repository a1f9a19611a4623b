#pragma once
/// A notice: one transition, digest or dead letter for one receiver, as it lies in the outbox until it is delivered.

#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/result.h"
#include "tocsin/transition.h"

namespace tocsin::outbox {

enum class NoticeKind : std::uint8_t {
    kTransition,  ///< body: transition_body()
    kDigest,      ///< body: digest.h; what still holds of one rule, in place of transitions held back
    kDeadLetter,  ///< body: encode_dead_letter() of dead_letter.h
};

/// Which row it is: number within its task. Rows of one task ascend in the order they were made.
struct RowKey {
    std::uint32_t task = 0;
    std::uint64_t number = 0;
    auto operator<=>(const RowKey&) const = default;
};

/// Value type. What is stored is everything but `key`.
struct Notice {
    RowKey key;
    NoticeKind kind = NoticeKind::kTransition;
    std::string receiver;  ///< "topic", "dlq", "webhook/NAME/0", "alertmanager/NAME/0"
    std::string id;       ///< the same in every attempt: the transition's id, "digest.…", or the dead record's origin
    std::string episode;  ///< notices of one episode are delivered one after the other; empty: none
    std::string rule;     ///< empty for dead letters
    TransitionKind transition = TransitionKind::kOpened;  ///< of kTransition
    Instant at = kBeforeAll;
    bool held = false;  ///< made before its task was first caught up: told in a digest, not by itself
    std::string body;

    /// Openings and closings are never folded away.
    [[nodiscard]] bool must_stay() const {
        return kind != NoticeKind::kTransition || transition == TransitionKind::kOpened ||
               transition == TransitionKind::kClosed;
    }
};

/// Stored under 'x' and the number (8 bytes, big-endian). The value, in the ledger's byte language (ledger/codec.h):
///
///     byte    format, 1
///     byte    kind: 0 transition, 1 digest, 2 dead letter
///     byte    transition: 0 opened 1 raised 2 lowered 3 updated 4 acknowledged 5 closed
///     byte    held: 0 or 1
///     signed  at, milliseconds since 1970
///     string  receiver, id, episode, rule, body: five strings, each behind its length
constexpr char kRowPrefix = 'x';
std::string row_key(std::uint64_t number);
std::string encode_notice(const Notice& notice);
/// Errors: kFatal, damaged or of a newer format.
Result<Notice> decode_notice(std::uint32_t task, std::string_view key, std::string_view value);

/// What receivers are rendered from: the record of design 8.2 and, behind its fields, opened_at, group, labels and
/// annotations. Pseudonyms only.
std::string transition_body(const Transition& transition, std::string_view group);

}  // namespace tocsin::outbox
