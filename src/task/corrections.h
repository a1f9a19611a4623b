#pragma once
/// Events that say of another event of the same customer that it never happened, or was another than was told
/// (docs/decisions/0010). They are events like any other and stay in the profile as rows: one that comes before the
/// event it is about is found there when that event comes.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/profile.h"
#include "tocsin/schema.h"

namespace tocsin::task {

/// What became of the event that is corrected. Each but the last has a kind of event of its own.
enum class Correction : std::uint8_t { kWithdrawn, kMerged, kDuplicate, kReclassified, kNone };
constexpr std::size_t kCorrections = 4;
/// As metrics name it: the kind without `event_`.
std::string_view correction_name(Correction correction);

/// What a correction came to.
enum class CorrectionResult : std::uint8_t {
    kApplied,
    kWaiting,   ///< its event is not known: not come yet, or forgotten
    kRepeated,  ///< the event had been taken back before
    kRolledUp,  ///< the event has lost its row to the bound of its customer: it stays counted in places
    kNoEvent,   ///< it names none that could be corrected
};
std::string_view correction_result_name(CorrectionResult result);

/// Belongs to its task.
class Corrections {
public:
    explicit Corrections(const EventSchema& schema);

    [[nodiscard]] Correction of(KindId kind) const {
        return kind < by_kind_.size() ? by_kind_[kind] : Correction::kNone;
    }
    /// Whether the task may remember any: who has never met one need not look for them.
    [[nodiscard]] bool met() const { return met_; }
    void meet() { met_ = true; }
    /// A word the task has stored: the kind of a correction among them means that one has been met.
    void meet_word(std::string_view word);

    /// What the rows say of the event of that id: that it never happened, whoever said so first; else that it was
    /// another; else nothing. `except`: the row that has just come.
    [[nodiscard]] Correction about(std::span<const ledger::Row> rows, std::string_view id,
                                   std::optional<std::size_t> except = std::nullopt) const;
    /// The event as all the corrections among the rows tell it, in the order of their times: of each field the last
    /// word counts. Valid until the next call.
    const Event& corrected(std::span<const ledger::Row> rows, const Event& event);

    struct Found {
        CorrectionResult result = CorrectionResult::kNoEvent;
        std::size_t row = 0;  ///< of kApplied: the event's
    };
    /// The event that the correction in rows()[index] is about.
    [[nodiscard]] Found find(const ledger::Profile& profile, std::size_t index) const;

private:
    [[nodiscard]] std::string_view target(const Event& correction) const;

    const EventSchema& schema_;
    std::vector<Correction> by_kind_;  // by KindId
    std::optional<FieldId> corrects_;
    bool met_ = false;
    Event event_;
    std::vector<FieldValue> fields_;
};

}  // namespace tocsin::task
