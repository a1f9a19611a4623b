#pragma once
/// `tocsin explain`: why a rule fired, or why it did not.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/history.h"

namespace tocsin::app {

struct ExplainArguments {
    HistoryArguments history;
    std::string id;                  ///< of an episode or a transition; empty: the other three
    std::string rule, customer, at;  ///< customer: the number, or its pseudonym
    std::string output = "text";
    bool show_subjects = false;
};
int explain(const ExplainArguments& arguments);

/// The answer, for people.
void print_explanation(const nlohmann::ordered_json& answer);

}  // namespace tocsin::app
