#include "task/working_set.h"

#include "tocsin/check.h"

namespace tocsin::task {
namespace {

// A large one would keep its memory for a customer with two events.
constexpr std::size_t kSpareRowsMax = 64;

}  // namespace

WorkingSet::Entry& WorkingSet::get(ledger::Slot slot) {
    if (const auto it = entries_.find(slot); it != entries_.end()) {
        if (it->second->profile.added() < kAddedMax) return *it->second;
        pack();
        return get(slot);
    }
    if (entries_.size() >= kProfilesMax) pack();
    std::unique_ptr<Entry> entry;
    if (spare_.empty()) {
        entry = std::make_unique<Entry>();
    } else {
        entry = std::move(spare_.back());
        spare_.pop_back();
    }
    entry->changed = false;
    entry->states.clear();
    const std::string_view key = table_.key(slot), bytes = table_.bytes(slot);
    if (bytes.empty()) {
        entry->profile.clear();  // the customer is new
    } else {
        const bool ok = entry->profile.unpack(bytes, customer_in(key), words_) &&
                        episodes::unpack_states(entry->profile.states, entry->states);
        TOCSIN_CHECK(ok, "what is in RAM was made here or checked when it was loaded");
    }
    order_.push_back(slot);
    return *entries_.emplace(slot, std::move(entry)).first->second;
}

void WorkingSet::changed(ledger::Slot slot, Entry& entry, Instant due) {
    entry.changed = true;
    table_.touch(slot, due);
}

void WorkingSet::pack() {
    for (const ledger::Slot slot : order_) {
        std::unique_ptr<Entry>& entry = entries_.find(slot)->second;
        if (entry->changed) {
            packed_states_ = episodes::pack_states(entry->states);
            entry->profile.states = packed_states_;
            if (entry->profile.empty()) {
                table_.erase(slot);
            } else {
                entry->profile.pack(packed_);
                table_.set_bytes(slot, packed_);
            }
        }
        if (entry->profile.rows().size() <= kSpareRowsMax) spare_.push_back(std::move(entry));
    }
    entries_.clear();
    order_.clear();
}

}  // namespace tocsin::task
