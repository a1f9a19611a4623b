// What `tocsin explain` prints for people.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/ask.h"
#include "app/explain.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

void print_lines(const Json& lines, const char* indent) {
    for (const Json& line : lines) std::cout << indent << (line.is_string() ? line.get<std::string>() : "") << "\n";
}

// "2016-01-12T00:00:00Z opened yellow"; what closed it stands in its level's place.
std::string step_line(const Json& t) {
    const std::string level = text_of(t, "level");
    return text_of(t, "at") + " " + text_of(t, "transition") + " " + (level.empty() ? text_of(t, "reason") : level);
}

void print_why(const Json& why) {
    const Json subjects = list_of(why, "subjects");
    std::cout << "at " << text_of(why, "at") << "\n";
    if (subjects.empty()) std::cout << "  no event of this person counts, and no promise is known\n";
    for (const Json& about : subjects) {
        std::cout << "\n  " << text_of(about, "subject") << "\n";
        print_lines(list_of(about, "levels"), "    ");
        print_lines(list_of(about, "notes"), "    ");
        if (about.contains("told")) {
            std::cout << "    told:" << (about["told"].empty() ? " nobody" : "") << "\n";
            print_lines(list_of(about, "told"), "      ");
        }
        if (about.contains("alert")) continue;  // a place: what counts there are people, not events that are remembered
        const Json events = list_of(about, "events");
        std::cout << "    events that count: " << events.size() << "\n";
        print_lines(events, "      ");
    }
}

void print_step(const Json& t, const Json& answer) {
    std::cout << "\n  " << step_line(t) << "\n";
    const Json measures = t.value("measures", Json::object()), lines = answer.value("events", Json::object());
    for (const auto& [name, value] : measures.items()) std::cout << "    " << name << " = " << value.dump() << "\n";
    const Json events = list_of(t, "events");
    std::cout << "    " << events.size() << " events behind it, newest first\n";
    for (const Json& id : events) {
        const std::string line = text_of(lines, id.get<std::string>().c_str());
        std::cout << "      " << (line.empty() ? id.get<std::string>() : line) << "\n";
    }
    for (const Json& step : list_of(answer, "judged")) {
        if (text_of(step, "id") != text_of(t, "id")) continue;
        for (const Json& about : list_of(step, "subjects")) print_lines(list_of(about, "levels"), "    ");
    }
}

std::string subject_of(const Json& record) {
    std::string out;
    const Json subject = record.value("subject", Json::object());  // items() only looks into it
    for (const auto& [name, value] : subject.items())
        out += (out.empty() ? "" : " ") + name + "=" + value.get<std::string>();
    return out;
}

}  // namespace

void print_explanation(const Json& answer) {
    std::cout << text_of(answer, "rule") << " (" << text_of(answer, "place") << ", raises a "
              << text_of(answer, "raises") << ")\n";
    const Json transitions = list_of(answer, "transitions");
    if (answer.contains("judged")) {
        if (!transitions.empty()) std::cout << subject_of(transitions.front()) << "\n";
        for (const Json& t : transitions) print_step(t, answer);
        if (answer.contains("remark")) std::cout << text_of(answer, "remark") << "\n";
        if (answer.contains("now")) std::cout << "\n";
    } else if (answer.contains("subjects")) {
        print_why(answer);
        if (!transitions.empty()) std::cout << "\n  until then\n";
        for (const Json& t : transitions) std::cout << "    " << step_line(t) << " " << text_of(t, "id") << "\n";
    }
    if (answer.contains("now")) print_why(answer["now"]);
    if (const Json known = answer.value("remembered", Json()); known.is_object())
        std::cout << "\n  from the " << known.value("events", 0) << " events that are remembered, since "
                  << text_of(known, "since") << "\n";
}

}  // namespace tocsin::app
