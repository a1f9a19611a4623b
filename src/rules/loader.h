#pragma once
/// Rule files to a RuleSet (design 7): all of it or none. Pure: whoever calls reads the files.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/zone.h"
#include "rules/compile.h"
#include "tocsin/result.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {

constexpr std::size_t kRulesMax = 1000;  ///< of a rule set

struct RuleFile {
    std::string path;  ///< as messages name it; relative paths inside the file are relative to its folder
    std::string text;
};

/// What a rule set is made of. `read` gives the text of a thresholds_file; its errors become the loader's.
struct RuleSources {
    std::vector<RuleFile> files;
    std::function<Result<std::string>(const std::string& path)> read;
    std::vector<std::shared_ptr<const Calendar>> calendars;  ///< of calendars_file
    Zone zone;                                               ///< of calendar windows
    std::shared_ptr<const PhasePlan> phases{};               ///< of phases_file; null: there is none
};

/// Every mistake of all files goes to `diagnostics`, with file:line:col; then the answer is kReject with their first
/// lines. Warnings alone do not fail it. The rules are in file and line order.
Result<RuleSet> load_rules(const RuleSources& sources, const EventSchema& schema, const RuleLimits& limits,
                           yaml::Diagnostics& diagnostics);

}  // namespace tocsin::rules
