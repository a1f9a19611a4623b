#pragma once
/// The profiles of one task that are being worked on, unpacked. Who has few events is packed as soon as the work is
/// done: that costs little, and its memory is used again while it is warm. Who has many stays unpacked between commits,
/// so that the bytes that are stored are made once for each commit, however many events came before it.

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ledger/profile.h"
#include "ledger/profile_table.h"
#include "task/persons.h"

namespace tocsin::task {

/// The customer of a profile's key; empty: the key is an event's id.
inline std::string_view customer_in(std::string_view key) {
    return key.front() == 'c' ? key.substr(1) : std::string_view{};
}

class WorkingSet {
public:
    /// From so many rows on a profile stays unpacked.
    static constexpr std::size_t kBusyRows = 12;
    /// More are not held at once: those that were not worked on since the last time are packed then, and forgotten.
    static constexpr std::size_t kBusyMax = 2048;
    /// What rows leave behind in memory is given back after so many.
    static constexpr std::size_t kAddedMax = 1024;

    struct Entry {
        std::string key, bytes;  // as they were in the table: profile and states look into them
        ledger::Profile profile;
        States states;
        bool changed = false;  // since it was packed last
        bool used = false;     // since room was made last
    };

    WorkingSet(ledger::ProfileTable& table, ledger::Vocabulary& words) : table_(table), words_(words) {}

    /// The profile of the slot. Valid until the next get(), or changed(). Whoever changes it calls changed().
    Entry& get(ledger::Slot slot);
    /// Whether it stays unpacked: what it looks at must outlive the event at hand. The others are unpacked anew each
    /// time.
    [[nodiscard]] bool stays(const Entry& entry) const { return &entry != present_.get(); }
    /// Its next timer is due then. A profile that has become empty is erased.
    void changed(ledger::Slot slot, Entry& entry, Instant due);
    /// Makes the bytes of all that changed and stayed unpacked.
    void pack();
    /// One that belongs to no slot, to look into bytes.
    Entry& scratch() { return *present_; }

private:
    void unpack(ledger::Slot slot, Entry& entry);
    bool pack(ledger::Slot slot, Entry& entry);
    void make_room();

    ledger::ProfileTable& table_;
    ledger::Vocabulary& words_;
    std::unique_ptr<Entry> present_ = std::make_unique<Entry>();  // of one who has few events
    absl::flat_hash_map<ledger::Slot, std::unique_ptr<Entry>> busy_;
    std::vector<ledger::Slot> changed_;  // of the busy, as they came: what is made of them must not depend on a hash
    std::string packed_, packed_states_;
};

}  // namespace tocsin::task
