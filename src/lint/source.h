#pragma once
/// Where rules stand in their files, and what the comments on them say. Private to this module.

#include <optional>
#include <string>
#include <vector>

#include "rules/loader.h"
#include "yaml/node.h"

namespace tocsin::lint {

/// A rule as it is written. A rollup shares the place of the rule it stands in.
struct Place {
    yaml::Node rule;
    yaml::Node group;
    std::string file;
    int begin = 0;  ///< first line, with the comments directly above it
    int end = 0;    ///< the line behind the last
};

/// A comment `# tocsin disable NAME, NAME` or `# tocsin budget N per week` on a rule.
struct Comment {
    std::vector<std::string> disables;
    std::optional<double> budget;
    yaml::Position position;
};

/// One rule file. Keeps its own parse of the text.
class Source {
public:
    /// Empty places if the text is no rule file.
    explicit Source(const rules::RuleFile& file);

    [[nodiscard]] const std::vector<Place>& places() const { return places_; }
    [[nodiscard]] std::vector<Comment> comments(const Place& place) const;
    /// The lines of the place.
    [[nodiscard]] std::string text(const Place& place) const;

private:
    std::string file_;
    std::vector<std::string> lines_;
    std::vector<Place> places_;
};

/// The path of a group's thresholds_file as the loader reads it; empty: it has none.
std::string table_of(const Place& place);

}  // namespace tocsin::lint
