#pragma once
/// How a rule without a customer is counted: which cells it needs, and which of their numbers each measure is.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/cells.h"
#include "tocsin/rule_set.h"

namespace tocsin::task {

/// One of the sums a bucket keeps.
struct CellSum {
    enum class Of : std::uint8_t {
        kAmount,   ///< of the field's values
        kValues,   ///< how many values there are: avg() is a pair
        kAnswers,  ///< events for which the predicate holds
    };
    std::size_t measure = 0;  ///< index into Rule::measures
    Of of = Of::kAmount;
};

/// The measures of one rule that share a bucket width share cells.
struct CellSpec {
    std::uint64_t hash = 0;  ///< of filter, width and sums: the first 8 bytes of the cell's key
    Duration width{};
    std::int64_t reach = 0;             ///< longest window in buckets
    std::vector<std::size_t> measures;  ///< indices into Rule::measures
    std::vector<CellSum> sums;          ///< in the order of Bucket::sums
    bool fed = true;                    ///< false: another rule's plan feeds these same cells
};

struct CellPlan {
    const Rule* rule = nullptr;
    bool by_area_alone = false;
    std::vector<CellSpec> specs;
};

CellPlan plan_cells(const Rule& rule);
void put_cell_key(const CellSpec& spec, std::string_view subject, std::string& key);

/// The first bucket of the measure's window that ends with bucket `now`.
std::int64_t first_bucket(const Measure& measure, Duration width, std::int64_t now);
/// The bucket with which the contents of that window change if the first event in it lies in bucket `first`.
std::int64_t next_bucket(const Measure& measure, Duration width, std::int64_t first);

/// What the event adds to each sum of the spec.
std::vector<std::int64_t> sums_of(const CellPlan& plan, const CellSpec& spec, const Event& event);

/// The measure's value in the window that ends with bucket `now`, over the cells of all tasks (null: that task has
/// none).
Value total(const CellPlan& plan, const CellSpec& spec, std::size_t measure,
            const std::vector<const ledger::Cell*>& cells, std::int64_t now);

}  // namespace tocsin::task
