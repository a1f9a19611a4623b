#pragma once
/// Puts one event into the cells of its task: in every rule that counts it, at its place and all places above.

#include <optional>
#include <string>
#include <vector>

#include "ledger/cells.h"
#include "ledger/profile.h"
#include "task/cell_plan.h"
#include "task/setting.h"

namespace tocsin::task {

/// An event has entered a subject's cells: its owner must judge it. Sent in memory inside one process.
struct Touch {
    const Rule* rule = nullptr;
    std::string subject;
    Instant time = kBeforeAll;
    std::string id;  ///< of the event
    /// The event has left the cells instead, and this is when it had happened; `time` is that of its correction.
    std::optional<Instant> taken_back{};
};

class CellFeed {
public:
    CellFeed(const Setting& setting, ledger::CellStore& cells) : setting_(setting), cells_(cells) {}
    void use(const RuleSet& rules);

    /// Counts rows()[index]; `oldest` is the instant behind which no window of any task can reach any more. Appends a
    /// touch per subject.
    void add(const ledger::Profile& profile, std::size_t index, Instant oldest, std::vector<Touch>& touches);
    /// rows()[index], which is to leave or to change, no longer counts: takes it out of its cells. `at` is the time of
    /// the event that says so.
    void take_back(const ledger::Profile& profile, std::size_t index, Instant oldest, Instant at,
                   std::vector<Touch>& touches);
    /// As add(), for one rule and without touches: to fill the cells of a rule that is new. Rows ascending: those
    /// behind `index` are not in the cell yet. Rolled rows do not count.
    void refill(const CellPlan& plan, const ledger::Profile& profile, std::size_t index, Instant oldest);

    [[nodiscard]] const std::vector<CellPlan>& plans() const { return plans_; }

private:
    enum class Filling { kLive, kNewRule, kTakeBack };
    /// Answers the subjects whose cells it entered or left.
    std::vector<std::string> put(const CellPlan& plan, const ledger::Profile& profile, std::size_t index,
                                 Instant oldest, Filling filling);
    /// The places the event counts in under the rule: "" where the rule does not ask for places.
    void find_places(const Rule& rule, const Event& event, std::vector<std::string_view>& places) const;
    /// One event in one of the places it counts in.
    struct Entry {
        const Event& event;
        std::string_view place;
        const std::string& subject;
    };
    /// Whether another event of this customer lies in the same cell: same filter, same place or one below it.
    bool same_cell(const CellPlan& plan, const Entry& entry, const Event& other);
    /// The customer's nearest other events in the cell; null: none.
    struct Neighbours {
        const Event* previous = nullptr;
        const Event* next = nullptr;
    };
    Neighbours neighbours(const CellPlan& plan, const ledger::Profile& profile, std::size_t index, const Entry& entry,
                          Filling filling);
    /// Takes the event into the cells of the subject, or out of them.
    void count(const CellPlan& plan, const Entry& entry, const Neighbours& near, Instant oldest, Filling filling);

    const Setting& setting_;
    ledger::CellStore& cells_;
    std::vector<CellPlan> plans_;
    std::vector<std::vector<std::size_t>> by_kind_;  // indices into plans_
    std::vector<std::string_view> places_, other_places_;
    std::string key_;
};

}  // namespace tocsin::task
