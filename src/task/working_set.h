#pragma once
/// The profiles of one task that are being worked on, unpacked. A customer who is heard of again before the next commit is
/// found here; only then are the bytes made that are stored. Who is busy costs one packing for many events.

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
    /// More are not held at once, nor more added rows in one of them: all are packed then.
    static constexpr std::size_t kProfilesMax = 4096;
    static constexpr std::size_t kAddedMax = 1024;

    struct Entry {
        ledger::Profile profile;
        States states;
        bool changed = false;
    };

    WorkingSet(ledger::ProfileTable& table, ledger::Vocabulary& words) : table_(table), words_(words) {}

    /// The profile of the slot. Valid until the next get() or pack(). Whoever changes it calls changed().
    Entry& get(ledger::Slot slot);
    /// Its next timer is due then. The bytes follow with pack().
    void changed(ledger::Slot slot, Entry& entry, Instant due);
    /// Makes the bytes of all that changed, and forgets everything. Profiles that have become empty are erased.
    void pack();
    /// One that belongs to no slot, to look into bytes.
    Entry& scratch() { return scratch_; }

private:
    ledger::ProfileTable& table_;
    ledger::Vocabulary& words_;
    absl::flat_hash_map<ledger::Slot, std::unique_ptr<Entry>> entries_;
    std::vector<ledger::Slot> order_;              // as they came: what is made of them must not depend on a hash
    std::vector<std::unique_ptr<Entry>> spare_;    // their memory is used again
    Entry scratch_;
    std::string packed_, packed_states_;
};

}  // namespace tocsin::task
