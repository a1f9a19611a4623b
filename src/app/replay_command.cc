#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <map>

#include "app/against.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/times.h"
#include "pipeline/replay.h"

namespace tocsin::app {
namespace {

// One line per transition, for people.
void print_row(const Transition& t, Subjects subjects) {
    std::string subject;
    for (const auto& f : t.subject)
        subject += (subject.empty() ? "" : " ") + (subjects == Subjects::kPlain ? f.plain : f.shown);
    const std::string level(t.kind == TransitionKind::kClosed ? level_name(t.previous_level) : level_name(t.level));
    std::printf("%-24s %-12s %-6s %-32s %-24s %s\n", format_rfc3339(t.at).c_str(),
                std::string(transition_name(t.kind)).c_str(), level.c_str(), t.rule.c_str(), subject.c_str(),
                t.area.c_str());
}

struct Summary {
    struct Counts {
        std::map<std::string, std::uint64_t> opened, closed;
        std::uint64_t raised = 0, still_open = 0;
    };
    std::map<std::string, Counts> rules;

    void add(const Transition& t) {
        Counts& c = rules[t.rule];
        if (t.kind == TransitionKind::kOpened) ++c.opened[std::string(level_name(t.level))], ++c.still_open;
        if (t.kind == TransitionKind::kRaised) ++c.raised;
        if (t.kind == TransitionKind::kClosed) ++c.closed[std::string(close_reason_name(t.reason))], --c.still_open;
    }
    void print() const {
        for (const auto& [rule, c] : rules) {
            std::cout << rule << "\n";
            for (const auto& [level, n] : c.opened) std::cout << "  opened " << level << ": " << n << "\n";
            if (c.raised > 0) std::cout << "  raised: " << c.raised << "\n";
            for (const auto& [reason, n] : c.closed) std::cout << "  closed " << reason << ": " << n << "\n";
            std::cout << "  still open: " << c.still_open << "\n";
        }
    }
};

// Which of the outputs go together with the rest of the line. Empty: none, and it is said.
std::optional<std::string> output_of(const ReplayArguments& arguments) {
    const bool compares = !arguments.against.empty();
    if (arguments.output.empty()) return compares ? "table" : "ndjson";
    static constexpr std::array<std::string_view, 4> kOfOne{"ndjson", "table", "summary"},
        kOfTwo{"table", "json", "markdown", "html"};
    const auto& possible = compares ? kOfTwo : kOfOne;
    if (std::find(possible.begin(), possible.end(), arguments.output) != possible.end()) return arguments.output;
    complain("-o " + arguments.output +
             (compares ? ": with --against it is table, json, markdown or html"
                       : ": without --against it is ndjson, table or summary"));
    return std::nullopt;
}

int replay_one(Past& past, const ReplayArguments& arguments, pipeline::ReplayOptions options, const std::string& form) {
    const Subjects subjects = arguments.show_subjects ? Subjects::kPlain : Subjects::kPseudonyms;
    Summary summary;
    const auto output = [&](const Transition& t) {
        if (form == "summary")
            summary.add(t);
        else if (form == "table")
            print_row(t, subjects);
        else
            std::cout << to_json(t, subjects) << '\n';
    };
    pipeline::History history(past.loaded.config.schema, past.to, tell_unreadable);
    if (!read_events(past, arguments.history, history)) return kExitFailed;
    const auto course = std::make_unique<pipeline::Course>(past.setting, past.loaded.rules, options, output);
    pipeline::run_history(history, options.order, {&course, 1});
    if (form == "summary") summary.print();
    std::cout.flush();
    const pipeline::ReplayCounts& counts = course->counts();
    std::cerr << "tocsin: " << history.records() << " lines: " << counts.counted + counts.late << " counted, "
              << counts.late << " of them late, " << counts.duplicate << " duplicates, " << counts.too_late
              << " too late, " << history.unreadable() << " unreadable\n";
    return arguments.strict && history.unreadable() > 0 ? kExitFailed : kExitOk;
}

}  // namespace

int replay(const ReplayArguments& arguments) {
    const auto form = output_of(arguments);
    if (!form) return kExitUsage;
    int code = kExitOk;
    const auto past = load_past(arguments.history, code);
    if (!past) return code;
    const pipeline::ReplayOptions options{
        .from = past->from,
        .to = past->to,
        .order = arguments.order == "input" ? pipeline::ReplayOrder::kInput : pipeline::ReplayOrder::kTime};
    if (arguments.against.empty()) return replay_one(*past, arguments, options, *form);
    return replay_against(*past, arguments, options, *form);
}

}  // namespace tocsin::app
