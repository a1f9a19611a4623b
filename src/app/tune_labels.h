#pragma once
/// What really happened, for `tune --labels`: incidents of areas or of customers.

#include <optional>
#include <string>
#include <vector>

#include "app/history.h"
#include "compare/flags.h"

namespace tocsin::app {

struct Incident {
    std::string area;     ///< empty: a customer's
    std::string subject;  ///< "customer=c-…"; empty: an area's
    Instant start = kBeforeAll, end = kNever;
};

/// How well flags fit incidents.
struct Fit {
    std::size_t caught = 0, missed = 0;  ///< incidents with and without a flag
    std::size_t right = 0, wrong = 0;    ///< flags that belong to an incident, and others
    std::optional<Duration> lead;        ///< from the first flag to the start, median of those caught; below 0: late
};

/// The table `area|customer,start[,end]`. Empty: mistakes are on stderr.
std::optional<std::vector<Incident>> read_incidents(const Past& past, const std::string& path);

/// A flag belongs to an incident of its customer, or of its area, one within or around it, if it opens from `lead`
/// before the start up to the end.
Fit fit_of(Past& past, const std::vector<Incident>& incidents, const std::vector<compare::Flag>& flags, Duration lead);

}  // namespace tocsin::app
