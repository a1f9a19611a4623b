#pragma once
/// What a change of rules leaves to do in one task: which profiles the new rules have not been judged over yet. Each is
/// looked at once, in its turn or when an event touches it first, between two records.
///
/// Nothing of it is stored but that it had not ended (Task::write): after a start it begins again. A person who was
/// judged already is judged to the same end, and the cells that were being filled are emptied first.

#include <cstddef>
#include <vector>

#include "ledger/profile_table.h"
#include "task/cell_plan.h"
#include "tocsin/rule_set.h"

namespace tocsin::task {

class Sweep {
public:
    /// `cells`: with only those specs that are to be filled. Slots made later than now have nothing to be looked at.
    void begin(std::vector<const Rule*> persons, std::vector<CellPlan> cells, std::size_t slots);
    [[nodiscard]] bool running() const { return left_ > 0; }
    [[nodiscard]] std::size_t left() const { return left_; }

    [[nodiscard]] const std::vector<const Rule*>& persons() const { return persons_; }
    [[nodiscard]] const std::vector<CellPlan>& cells() const { return cells_; }

    /// Whether the profile in the slot is still to be looked at; after the call it is not. So too if the slot goes to
    /// somebody new.
    bool take(ledger::Slot slot);
    /// The next one, taken.
    ledger::Slot take_next();

private:
    std::vector<const Rule*> persons_;
    std::vector<CellPlan> cells_;
    std::vector<bool> taken_;  // by slot
    std::size_t next_ = 0, left_ = 0;
};

}  // namespace tocsin::task
