// `tocsin explain` without a history: the running daemon is asked.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/ask.h"
#include "app/exit_codes.h"
#include "app/explain.h"
#include "app/loading.h"

namespace tocsin::app {

int explain_by_daemon(const ExplainArguments& arguments) {
    if (!arguments.history.rules.empty() || arguments.history.keyed || arguments.show_subjects) {
        complain(
            "--rules, --keyed and --show-subjects are for a history: name --events or --from-kafka. The daemon answers "
            "for its own rules, in pseudonyms");
        return kExitUsage;
    }
    std::string question = "/api/v1/explain?";
    if (!arguments.id.empty())
        question += "id=" + escaped(arguments.id);
    else
        question += "rule=" + escaped(arguments.rule) + "&customer=" + escaped(arguments.customer) +
                    (arguments.at.empty() ? "" : "&at=" + escaped(arguments.at));
    auto answer = ask(arguments.url, question);
    if (!answer || !answer->is_object()) return kExitFailed;
    if (answer->contains("now")) tell_silences(arguments.history.config_file, (*answer)["now"]["subjects"]);
    if (arguments.output == "json")
        std::cout << answer->dump() << "\n";
    else
        print_explanation(*answer);
    return kExitOk;
}

}  // namespace tocsin::app
