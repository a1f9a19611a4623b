#pragma once
/// Errors and findings of `check rules` for people and for machines.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "yaml/diagnostics.h"

namespace tocsin::app {

/// One thing to say about a place.
struct Remark {
    std::string check;  ///< empty: an error of the file
    yaml::Position position;
    std::string message;

    [[nodiscard]] bool is_error() const { return check.empty(); }
};

/// As the daemon's other messages: `file:line:col: warning: check: message`, with the line and carets.
std::string remarks_as_text(const std::vector<Remark>& remarks,
                            const std::map<std::string, std::string, std::less<>>& sources);
/// A list of {file, line, column, severity, check, message}.
std::string remarks_as_json(const std::vector<Remark>& remarks);
/// Commands that a workflow of GitHub shows beside the lines.
std::string remarks_for_github(const std::vector<Remark>& remarks);
/// SARIF 2.1.0.
std::string remarks_as_sarif(const std::vector<Remark>& remarks);

}  // namespace tocsin::app
