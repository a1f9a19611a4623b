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
        forget_all();
    }
    if (entries_.size() >= kProfilesMax) forget_all();
    std::unique_ptr<Entry> entry;
    if (spare_.empty()) {
        entry = std::make_unique<Entry>();
    } else {
        entry = std::move(spare_.back());
        spare_.pop_back();
    }
    unpack(slot, *entry);
    return *entries_.emplace(slot, std::move(entry)).first->second;
}

void WorkingSet::unpack(ledger::Slot slot, Entry& entry) {
    entry.changed = false;
    entry.states.clear();
    entry.key = table_.key(slot);
    entry.bytes = table_.bytes(slot);
    if (entry.bytes.empty()) return entry.profile.clear();  // the customer is new
    const bool ok = entry.profile.unpack(entry.bytes, customer_in(entry.key), words_) &&
                    episodes::unpack_states(entry.profile.states, entry.states);
    TOCSIN_CHECK(ok, "what is in RAM was made here or checked when it was loaded");
}

void WorkingSet::changed(ledger::Slot slot, Entry& entry, Instant due) {
    if (!entry.changed) changed_.push_back(slot);
    entry.changed = true;
    table_.touch(slot, due);
}

void WorkingSet::pack() {
    for (const ledger::Slot slot : changed_) {
        Entry& entry = *entries_.find(slot)->second;
        entry.changed = false;
        packed_states_ = episodes::pack_states(entry.states);
        entry.profile.states = packed_states_;
        if (entry.profile.empty()) {
            table_.erase(slot);
            forget(slot);
            continue;
        }
        entry.profile.pack(packed_);
        table_.set_bytes(slot, packed_);
    }
    changed_.clear();
}

void WorkingSet::forget(ledger::Slot slot) {
    const auto it = entries_.find(slot);
    if (it->second->profile.rows().size() <= kSpareRowsMax) spare_.push_back(std::move(it->second));
    entries_.erase(it);
}

void WorkingSet::forget_all() {
    pack();
    for (auto& [slot, entry] : entries_) {
        if (entry->profile.rows().size() <= kSpareRowsMax) spare_.push_back(std::move(entry));
    }
    entries_.clear();
}

}  // namespace tocsin::task
