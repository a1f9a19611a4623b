#pragma once
/// Cells: what happened in one place per time bucket, with exact numbers of distinct people. Each task keeps the part
/// its own customers contributed; profiles are disjoint between tasks, so the parts add up (design 6).
///
/// Distinct people without sketches. Of each event the cell remembers in which bucket the same person was in this cell
/// before. A person is new to a window that starts at bucket a if that earlier bucket lies before a:
///   people(a..k) = sum over buckets b in a..k of (events of b with a person - events of b whose predecessor >= a)
/// A bucket's numbers depend only on events up to the bucket, never on later ones: a window of the past gives what it
/// gave then. docs/decisions/0003 has the reasoning.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ledger/text_hash.h"
#include "tocsin/time.h"
#include "tocsin/write_batch.h"

namespace tocsin::ledger {

/// floor(t / width): the bucket [k*width, (k+1)*width) in UTC.
std::int64_t bucket_of(Instant t, Duration width);
Instant bucket_start(std::int64_t bucket, Duration width);
/// The bucket width for a window (design 5): 1 min up to 2 h, 5 min up to 1 d, 1 h above.
Duration bucket_width(Duration window);

struct Bucket {
    /// `n` events whose person was in this cell `distance` buckets earlier (0: in this same bucket).
    struct Repeat {
        std::uint32_t distance, n;
    };
    struct Evidence {
        Instant time;
        std::string id;
    };
    static constexpr std::size_t kEvidenceMax = 20;

    std::int64_t index = 0;
    std::uint64_t events = 0;
    std::uint64_t persons = 0;       ///< events that have a person
    std::vector<Repeat> repeats;     ///< ascending by distance; absent: the person was not here within the cell's reach
    std::vector<std::int64_t> sums;  ///< by the cell's sum measures, in kSumScale
    std::vector<Evidence> evidence;  ///< the newest, ascending by (time, id)
    bool dirty = false;

    /// Distinct people of this bucket that a window starting at bucket `start` (<= index) has not met before.
    [[nodiscard]] std::uint64_t people_since(std::int64_t start) const;
};

/// One cell of one task. Buckets ascend by index.
class Cell {
public:
    [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
    /// The buckets with index in [from, to].
    [[nodiscard]] std::span<const Bucket> range(std::int64_t from, std::int64_t to) const;

private:
    friend class CellStore;
    Bucket& bucket(std::int64_t index);
    std::string key_;
    std::vector<Bucket> buckets_;
    bool dirty_ = false;
};

/// One person's event entering a cell.
struct CellEvent {
    static constexpr std::int64_t kNone = INT64_MIN;
    Instant time;
    std::string_view id;
    std::int64_t bucket = 0;
    bool has_person = true;
    std::int64_t previous = kNone;  ///< bucket of the person's latest earlier event in this cell
    std::int64_t next = kNone;      ///< bucket of the person's earliest later event in it: this one is late
    std::span<const std::int64_t> sums;
};

/// The cells of one task. Not synchronised.
class CellStore {
public:
    static constexpr char kKeyPrefix = 'c';
    /// More are not made: the events count elsewhere and refused() tells (metric).
    static constexpr std::size_t kCellsMax = 2'000'000;

    /// The cell, made if need be; null at kCellsMax. Pointers stay valid for the store's life.
    Cell* cell(std::string_view key);
    [[nodiscard]] const Cell* find(std::string_view key) const;
    [[nodiscard]] Cell* find(std::string_view key);
    /// Counts the event. `reach` is the longest window in buckets: a predecessor further back is no predecessor.
    void add(Cell& cell, const CellEvent& event, std::int64_t reach);
    /// The event never was: undoes add(), given the person's other events around it. Does nothing where the bucket is
    /// gone.
    void take_back(Cell& cell, const CellEvent& event, std::int64_t reach);
    /// Forgets the cell's buckets before `first`.
    void expire(Cell& cell, std::int64_t first);
    /// Empties the cells whose key says so.
    template <typename Gone>
    void drop_if(Gone&& gone) {
        for (const auto& [key, cell] : cells_) {
            if (gone(std::string_view(key))) expire(*cell, INT64_MAX);
        }
    }

    [[nodiscard]] std::size_t size() const { return cells_.size(); }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const auto& [key, cell] : cells_) visit(std::string_view(key), *cell);
    }

    /// False: damaged. Key: 'c', cell key, bucket index (8 bytes, ordered). docs/storage_format.md draws the value.
    bool load(std::string_view key, std::string_view value);
    void write(WriteBatch& batch);

private:
    void touch(Cell& cell, Bucket& bucket);
    absl::flat_hash_map<std::string, std::unique_ptr<Cell>, TextHash, TextEqual> cells_;
    std::vector<Cell*> dirty_;
    std::vector<std::string> deleted_;  // full keys
    std::uint64_t refused_ = 0;
};

}  // namespace tocsin::ledger
