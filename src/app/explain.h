#pragma once
/// `tocsin explain`: why a rule fired, or why it did not.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/history.h"

namespace tocsin::app {

struct ExplainArguments {
    HistoryArguments history;        ///< without events the running daemon is asked
    std::string id;                  ///< of an episode or a transition; empty: the other three
    std::string rule, customer, at;  ///< customer: the number, or its pseudonym; the daemon needs no `at`: it means now
    std::string url = "http://127.0.0.1:9477";  ///< of the running daemon
    std::string output = "text";
    bool show_subjects = false;
};
int explain(const ExplainArguments& arguments);
/// Without a history.
int explain_by_daemon(const ExplainArguments& arguments);

/// The answer, whoever gave it, for people.
void print_explanation(const nlohmann::ordered_json& answer);

/// Adds to the notes of each subject that is told of to Alertmanager whether it is silenced there. `config_file` says
/// where that is; empty: nobody is asked, and that is said.
void tell_silences(const std::string& config_file, nlohmann::ordered_json& subjects);

}  // namespace tocsin::app
