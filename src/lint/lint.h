#pragma once
/// What is wrong with rules that load: a level that is never reached, a rule nobody can explain, a warning that pages
/// about a person. Pure: whoever calls has read the files. Each check is told in docs/checking_rules.md.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/loader.h"
#include "tocsin/areas.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"
#include "yaml/diagnostics.h"

namespace tocsin::lint {

struct Check {
    std::string_view name;
    std::string_view about;  ///< one sentence
};

/// All checks, by name.
const std::vector<Check>& checks();

/// What a replay of history said about a rule.
struct History {
    double weeks = 0;                                     ///< how long it is
    std::map<std::string, double, std::less<>> openings;  ///< by rule; a rule that is missing was silent
    double budget = 0;  ///< openings a week that a rule may have, unless a comment says otherwise
};

struct Input {
    const RuleSet& rules;
    const std::vector<rules::RuleFile>& files;                      ///< that the rules were made of, in that order
    const std::map<std::string, std::string, std::less<>>& tables;  ///< the text of each thresholds_file, by path
    const EventSchema& schema;
    AreaTree& areas;
    Duration retention;
    const std::set<std::string, std::less<>>& tested;  ///< rules that a test asks about
    const std::optional<History>& history;
};

struct Finding {
    std::string check;
    std::string rule;  ///< empty: of no rule
    yaml::Position position;
    std::string message;
};

/// The findings in the order of files and lines, without those that a comment on the rule disables
/// (`# tocsin disable no-test`). Precondition: the rules were loaded from these files.
std::vector<Finding> lint(const Input& input);

/// The lines of each rule with the comments directly above it, for those who ask which rules a change touched.
struct Extent {
    std::string rule;
    std::string text;
    std::string table;  ///< path of the thresholds_file of its group; empty: none
};
/// Of a file that need not load; what is not understood is left out.
std::vector<Extent> extents(const rules::RuleFile& file);

}  // namespace tocsin::lint
