#pragma once
/// Episodes as whoever reads a report sees them: made again from transitions.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/transition.h"

namespace tocsin::compare {

/// One episode from its opening to its closing. Value type.
struct Flag {
    std::string rule;
    std::string subject;  ///< "customer=c-…": the `by` fields, persons as pseudonyms
    std::string area;     ///< as given; empty: none
    std::string id;       ///< of the episode
    Instant opened_at = kBeforeAll;
    Instant closed_at = kNever;  ///< kNever: still open at the end
    Level first = Level::kNone;  ///< the colour it opened with
    Level highest = Level::kNone;
    bool is_case = false;
    bool experimental = false;   ///< calls nobody
    std::vector<Instant> pages;  ///< when it called somebody: the opening and each raise of a warning
};

/// Gathers transitions, each episode's in the order in which they happened.
class FlagCollector {
public:
    void add(const Transition& t);
    /// By rule, subject and opening.
    std::vector<Flag> take();

private:
    std::vector<Flag> flags_;
    std::map<std::string, std::size_t> open_;  // by id
};

}  // namespace tocsin::compare
