#pragma once
/// What another set of rules would have said about the same events: flag by flag, and added up by rule, area and day.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/zone.h"
#include "compare/flags.h"

namespace tocsin::compare {

/// What became of a rule between the two sets.
enum class RuleFate { kSame, kChanged, kNew, kGone };
std::string_view fate_name(RuleFate fate);

/// A flag of one side or of both. `before` and `after` are the same episode seen by two rule sets: same rule, same
/// subject, and open at the same time.
struct Change {
    std::optional<Flag> before, after;
    bool earlier = false, later = false;   ///< after opened so
    bool raised = false, lowered = false;  ///< the highest colour of after is so
    [[nodiscard]] bool added() const { return !before; }
    [[nodiscard]] bool removed() const { return !after; }
    [[nodiscard]] const Flag& shown() const { return after ? *after : *before; }
    /// Calls that only the rules of one side make.
    [[nodiscard]] std::size_t new_pages() const;
    [[nodiscard]] std::size_t lost_pages() const;
};

struct Side {
    std::uint64_t flags = 0, cases = 0, pages = 0;
};

struct Tally {
    Side before, after;
    std::uint64_t added = 0, removed = 0, earlier = 0, later = 0, raised = 0, lowered = 0;
    std::uint64_t new_pages = 0, lost_pages = 0;
    void add(const Change& change, Instant from);
};

struct Terms {
    Instant from = kBeforeAll, to = kBeforeAll;  ///< what is compared: flags and pages in it
    Zone zone;                                   ///< of the days
    double minutes_per_case = 15;                ///< what following up one case costs
    /// Rules of both sets by their name in the new one, or in the old one if they are gone.
    std::map<std::string, RuleFate> rules;
};

struct Comparison {
    Terms terms;
    Tally total;
    std::map<std::string, Tally> rules, areas, days;  ///< days: "2016-11-07", by the opening
    std::vector<Change> changes;                      ///< what differs, by opening, rule, subject

    /// At least a day's worth: a rate over less says nothing.
    [[nodiscard]] double weeks() const;
    [[nodiscard]] double per_week(std::uint64_t n) const { return static_cast<double>(n) / weeks(); }
    [[nodiscard]] double hours(const Side& side) const {
        return static_cast<double>(side.cases) * terms.minutes_per_case / 60;
    }
    [[nodiscard]] double hours_per_week(const Side& side) const { return hours(side) / weeks(); }
};

/// Both sides as FlagCollector::take() gives them.
Comparison compare(std::vector<Flag> before, std::vector<Flag> after, Terms terms);

}  // namespace tocsin::compare
