#pragma once
/// The profiles of one task that are being worked on, unpacked. Who is heard of again soon is found here; the bytes that are
/// stored are made once for each commit, however many events a customer had before it.

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
    /// More are not held at once, nor more added rows in one of them: all are packed then, and forgotten.
    static constexpr std::size_t kProfilesMax = 4096;
    static constexpr std::size_t kAddedMax = 1024;

    struct Entry {
        std::string key, bytes;  // as they were in the table: profile and states look into them
        ledger::Profile profile;
        States states;
        bool changed = false;  // since the last pack()
    };

    WorkingSet(ledger::ProfileTable& table, ledger::Vocabulary& words) : table_(table), words_(words) {}

    /// The profile of the slot. Valid until the next get(). Whoever changes it calls changed().
    Entry& get(ledger::Slot slot);
    /// Its next timer is due then. The bytes follow with pack().
    void changed(ledger::Slot slot, Entry& entry, Instant due);
    /// Makes the bytes of all that changed. Profiles that have become empty are erased, and forgotten here.
    void pack();
    /// One that belongs to no slot, to look into bytes.
    Entry& scratch() { return scratch_; }

private:
    void unpack(ledger::Slot slot, Entry& entry);
    void forget(ledger::Slot slot);
    void forget_all();

    ledger::ProfileTable& table_;
    ledger::Vocabulary& words_;
    absl::flat_hash_map<ledger::Slot, std::unique_ptr<Entry>> entries_;
    std::vector<ledger::Slot> changed_;          // as they came: what is made of them must not depend on a hash
    std::vector<std::unique_ptr<Entry>> spare_;  // their memory is used again
    Entry scratch_;
    std::string packed_, packed_states_;
};

}  // namespace tocsin::task
