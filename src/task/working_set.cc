#include "task/working_set.h"

#include <utility>

#include "tocsin/check.h"

namespace tocsin::task {

WorkingSet::Entry& WorkingSet::get(ledger::Slot slot) {
    if (const auto it = busy_.find(slot); it != busy_.end()) {
        Entry& entry = *it->second;
        entry.used = true;
        if (entry.profile.added() < kAddedMax || entry.profile.rows().empty()) return entry;
        if (entry.changed) pack(slot, entry);
        unpack(slot, entry);
        return entry;
    }
    unpack(slot, *present_);
    return *present_;
}

void WorkingSet::unpack(ledger::Slot slot, Entry& entry) {
    entry.key = table_.key(slot);
    entry.bytes = table_.bytes(slot);
    if (entry.bytes.empty()) {  // the customer is new
        entry.states.clear();
        return entry.profile.clear();
    }
    const bool ok = entry.profile.unpack(entry.bytes, customer_in(entry.key), words_) &&
                    episodes::unpack_states(entry.profile.states, entry.states);
    TOCSIN_CHECK(ok, "what is in RAM was made here or checked when it was loaded");
}

void WorkingSet::changed(ledger::Slot slot, Entry& entry, Instant due) {
    table_.touch(slot, due);
    if (&entry != present_.get()) {
        if (!entry.changed) changed_.push_back(slot);
        entry.changed = true;
        return;
    }
    const bool is_busy = entry.profile.rows().size() >= kBusyRows;
    if (!pack(slot, entry) || !is_busy) return;
    if (busy_.size() >= kBusyMax) make_room();
    auto stays = std::make_unique<Entry>();
    unpack(slot, *stays);
    stays->used = true;
    busy_.emplace(slot, std::move(stays));
}

// False: there was nothing left to keep, and the slot is free.
bool WorkingSet::pack(ledger::Slot slot, Entry& entry) {
    entry.changed = false;
    episodes::pack_states(entry.states, packed_states_);
    entry.profile.states = packed_states_;
    if (entry.profile.empty()) {
        table_.erase(slot);
        return false;
    }
    entry.profile.pack(packed_);
    table_.set_bytes(slot, packed_);
    return true;
}

void WorkingSet::pack() {
    for (const ledger::Slot slot : changed_) {
        const auto it = busy_.find(slot);
        if (it == busy_.end() || !it->second->changed) continue;
        if (!pack(slot, *it->second)) busy_.erase(it);
    }
    changed_.clear();
}

void WorkingSet::make_room() {
    pack();
    absl::erase_if(busy_, [](const auto& held) { return !std::exchange(held.second->used, false); });
    if (busy_.size() >= kBusyMax) busy_.clear();
}

}  // namespace tocsin::task
