#pragma once
/// What is stored of one subject of one rule: its promise, its episode, its next timer. In a profile for persons, in a
/// row of its own for areas. docs/storage_format.md draws the bytes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "episodes/episode.h"
#include "episodes/promise.h"
#include "episodes/rising.h"
#include "ledger/codec.h"

namespace tocsin::episodes {

/// Episodes that had the same opening before: the fourth part of an episode's id (design I2).
struct Opening {
    std::uint64_t hash = 0;  ///< hash64 of the opening event's id, or of the opening bucket
    std::uint64_t episodes = 0;
};

/// A promise that was broken in [from, to) and then ended, kept for the rollup that counts it as long as a task may
/// still ask (a task that came back from a crash behind this one).
struct PastBreak {
    Instant from, to;
    std::string id;    ///< of the event that stated it
    std::string area;  ///< as given
};

struct SubjectState {
    static constexpr std::size_t kOpeningsMax = 8;
    static constexpr std::size_t kPastMax = 16;  ///< beyond it the oldest is forgotten

    std::string rule;     ///< by name: rules are numbered anew with each load
    std::string subject;  ///< the rule's `by` values, each length-prefixed
    Episode episode;
    std::optional<Promise> promise;
    std::vector<Rising> rising;
    Instant due = kNever;  ///< the next instant the rule must be judged without an event
    std::vector<Opening> openings;
    std::vector<PastBreak> past;

    /// Nothing worth storing: no open episode, no promise, nothing that waits, no timer, no opening that could be
    /// repeated, no past break.
    [[nodiscard]] bool idle() const;
    /// As new; keeps the memory of its texts.
    void clear();
    /// Counts an episode that opens with this opening; answers how many had it before.
    std::uint64_t count_opening(std::uint64_t hash);
    void remember(PastBreak past_break);
};

void put_state(std::string& out, const SubjectState& state);
/// False: damaged.
bool get_state(ledger::Reader& in, SubjectState& state);

/// The states of a profile, one after the other; empty string: none.
void pack_states(const std::vector<SubjectState>& states, std::string& out);
/// Takes the place of what was in `states`, and uses its memory again. False: damaged.
bool unpack_states(std::string_view bytes, std::vector<SubjectState>& states);
/// The earliest due time; kNever if there is none.
Instant earliest_due(const std::vector<SubjectState>& states);

}  // namespace tocsin::episodes
