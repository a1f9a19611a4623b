#pragma once
/// All profiles of one task in RAM: customer key -> stored bytes, one allocation each. What lies here is byte for byte
/// what is in the database; profiles that are being worked on are unpacked elsewhere (task/working_set.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tocsin/time.h"
#include "tocsin/write_batch.h"

namespace tocsin::ledger {

/// Index of a profile. Stable while the profile lives; reused after erase.
using Slot = std::uint32_t;
constexpr Slot kNoSlot = UINT32_MAX;

/// Not synchronised: belongs to its task. Views returned are valid until the same profile is set or erased.
class ProfileTable {
public:
    static constexpr std::size_t kKeyBytesMax = 400;
    static constexpr char kKeyPrefix = 'p';
    static constexpr std::size_t kStaleTimersMax = 4096;

    ProfileTable();
    ~ProfileTable();
    ProfileTable(const ProfileTable&) = delete;
    ProfileTable& operator=(const ProfileTable&) = delete;

    [[nodiscard]] Slot find(std::string_view key) const;  ///< kNoSlot if there is none
    /// The key will be asked for soon: has what find() reads fetched from memory meanwhile. A later approach() goes on
    /// where this left off, when the answer is there.
    void foresee(std::string_view key);
    void approach();
    /// Stores the bytes and marks the profile for the next write(). `due` is when the profile's next timer fires.
    Slot set(Slot slot_or_none, std::string_view key, std::string_view bytes, Instant due);
    /// As set(), without marking: for what comes from the database.
    Slot load(std::string_view key, std::string_view bytes, Instant due);
    /// Marks a profile whose bytes will follow before the next write().
    void touch(Slot slot, Instant due);
    /// The bytes of a profile that was touched.
    void set_bytes(Slot slot, std::string_view bytes);
    void erase(Slot slot);

    [[nodiscard]] bool alive(Slot slot) const { return slot < slots_.size() && slots_[slot] != nullptr; }
    [[nodiscard]] std::string_view key(Slot slot) const;
    [[nodiscard]] std::string_view bytes(Slot slot) const;
    [[nodiscard]] Instant due(Slot slot) const;
    [[nodiscard]] std::size_t size() const { return live_; }
    [[nodiscard]] std::size_t slots() const { return slots_.size(); }  ///< alive() tells which are in use
    [[nodiscard]] std::size_t bytes_used() const { return bytes_used_; }
    [[nodiscard]] std::size_t dirty() const { return dirty_.size() + erased_.size(); }

    /// The earliest timer due before `limit` (or at it, if `inclusive`), removed from the queue; kNoSlot if none. The
    /// caller fires the profile's timers and sets it again with its new due time.
    struct Timer {
        Slot slot = kNoSlot;
        Instant due;
    };
    std::optional<Timer> pop_due(Instant limit, bool inclusive);
    [[nodiscard]] std::size_t timers() const { return heap_.size(); }
    /// The due time of the earliest timer; kNever if there is none.
    Instant next_due();

    /// Puts each marked profile and deletes each erased one, then forgets the marks.
    void write(WriteBatch& batch);

private:
    struct Block;  // header, key, bytes: one allocation
    /// One place of the index: open addressing in the order of the tags. A tag says nearly for certain whose slot it
    /// is, so that nobody else's block is looked at.
    struct Spot {
        std::uint32_t tag = 0;
        Slot slot = kNoSlot;
    };
    struct Due {
        Instant due;
        Slot slot;
        bool operator<(const Due& o) const {
            return due != o.due ? due > o.due : slot > o.slot;
        }  // std heap: top = min
    };
    static std::uint32_t tag_of(std::string_view key);
    [[nodiscard]] std::size_t home(std::uint32_t tag) const { return (std::uint64_t{tag} * index_.size()) >> 32; }
    [[nodiscard]] std::size_t after(std::size_t spot) const { return spot + 1 == index_.size() ? 0 : spot + 1; }
    void enter(Spot spot);
    void grow();
    void leave(std::uint32_t tag, Slot slot);
    Slot place(Slot slot, std::string_view key, std::string_view bytes, Instant due);
    void mark(Slot slot);
    void queue(Instant due, Slot slot);
    void drop_stale();

    std::vector<Block*> slots_;
    std::vector<Slot> free_;
    std::vector<Spot> index_;
    std::optional<std::uint32_t> foreseen_;
    std::vector<Due> heap_;  // may hold entries whose profile has moved on; they are skipped when met
    std::vector<Slot> dirty_;
    std::vector<std::string> erased_;
    std::size_t live_ = 0;
    std::size_t bytes_used_ = 0;
};

}  // namespace tocsin::ledger
