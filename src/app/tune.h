#pragma once
/// `tocsin tune`: what other thresholds of a rule would have given. Edits nothing.

#include <optional>
#include <string>
#include <vector>

#include "app/history.h"

namespace tocsin::app {

struct TuneArguments {
    HistoryArguments history;
    std::string rule;
    std::string level;    ///< a colour; empty: the rule's lowest
    std::string measure;  ///< what its comparison compares; empty: the first
    std::vector<std::string> values;      ///< empty: around the present one
    std::optional<double> pages_per_day;  ///< the row that fits is marked
    std::string labels;                   ///< CSV of what really happened; empty: none
    std::string lead = "6h";              ///< how early before an incident a flag still belongs to it
    std::string output = "table";
};
int tune(const TuneArguments& arguments);

}  // namespace tocsin::app
