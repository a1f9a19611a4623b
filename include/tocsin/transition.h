#pragma once
/// The transition record of design 8.2: the one thing that `output_topic`, `replay` and every receiver are made from.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/time.h"
#include "tocsin/value.h"

namespace tocsin {

enum class TransitionKind : std::uint8_t { kOpened, kRaised, kLowered, kUpdated, kAcknowledged, kClosed };
enum class CloseReason : std::uint8_t {
    kNone,
    kQuiet,
    kFulfilled,
    kMoved,
    kCancelled,
    kExpired,
    kRuleRemoved,
    kResolvedByOperator,
    kCorrected,
};
std::string_view transition_name(TransitionKind kind);
std::string_view close_reason_name(CloseReason reason);

/// A value that owns its string: what leaves the task.
struct OwnedValue {
    Value value;
    std::string text;  ///< the string of a kString value; value.string is not used
};

/// Value type, owns everything, may cross threads.
struct Transition {
    Instant at = kBeforeAll;
    std::string rule;
    std::uint32_t rule_order = 0;
    bool is_case = false;       ///< raises: case, else warning
    bool experimental = false;  ///< never notified
    bool withheld = false;      ///< by `limit`: receivers are told of the rule's others
    bool swept = false;         ///< found when a new rule was judged over what is remembered: told in a digest
    std::string episode_id;     ///< 26 characters
    std::uint64_t number = 0;   ///< 1, 2, …: the transition's id is "<episode_id>.<number>"
    /// By field name: pseudonym and plain value. The plain value leaves the process only by --show-subjects, lookup.
    struct SubjectField {
        std::string name, shown, plain;
    };
    std::vector<SubjectField> subject;
    std::string area;  ///< as given by the opening event; empty: none
    TransitionKind kind = TransitionKind::kOpened;
    CloseReason reason = CloseReason::kNone;
    Level level = Level::kNone;  ///< kNone when closed
    Level previous_level = Level::kNone;
    std::vector<std::pair<std::string, OwnedValue>> measures;  ///< the named ones, in the rule's order
    std::string trigger;                                       ///< id of the opening event
    std::vector<std::string> events;                           ///< ids of the newest 20, newest first
    std::string rules_hash;
    Instant opened_at = kBeforeAll;  ///< of the episode; Alertmanager's startsAt

    std::vector<std::pair<std::string, std::string>> labels;       ///< for receivers: rule and group labels
    std::vector<std::pair<std::string, std::string>> annotations;  ///< rendered

    [[nodiscard]] std::string id() const { return episode_id + "." + std::to_string(number); }
};

enum class Subjects { kPseudonyms, kPlain };

/// One line of JSON without the line break; the bytes are the contract of design 8.2 (same input, same bytes).
[[nodiscard]] std::string to_json(const Transition& transition, Subjects subjects = Subjects::kPseudonyms);

}  // namespace tocsin
