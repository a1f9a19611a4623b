#include <cstdio>
#include <iostream>
#include <map>

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
    for (const auto& f : t.subject) subject += (subject.empty() ? "" : " ") + (subjects == Subjects::kPlain ? f.plain : f.shown);
    const std::string level(t.kind == TransitionKind::kClosed ? level_name(t.previous_level) : level_name(t.level));
    std::printf("%-24s %-12s %-6s %-32s %-24s %s\n", format_rfc3339(t.at).c_str(), std::string(transition_name(t.kind)).c_str(),
                level.c_str(), t.rule.c_str(), subject.c_str(), t.area.c_str());
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

std::optional<pipeline::ReplayOptions> options_of(const ReplayArguments& arguments) {
    pipeline::ReplayOptions options;
    const auto instant = [](const std::string& text, const char* flag, std::optional<Instant>& out) {
        if (text.empty()) return true;
        out = parse_rfc3339(text);
        if (!out) complain(std::string(flag) + ": \"" + text + "\" is not RFC 3339, for instance 2016-11-07T00:00:00Z");
        return out.has_value();
    };
    if (!instant(arguments.from, "--from", options.from) || !instant(arguments.to, "--to", options.to)) return std::nullopt;
    options.order = arguments.order == "input" ? pipeline::ReplayOrder::kInput : pipeline::ReplayOrder::kTime;
    return options;
}

}  // namespace

int replay(const ReplayArguments& arguments) {
    if (!arguments.against.empty()) {
        complain("--against: not supported yet");
        return kExitUsage;
    }
    const auto options = options_of(arguments);
    if (!options) return kExitUsage;
    const auto loaded = load_all(arguments.config_file, config::Purpose::kReplay, arguments.rules);
    if (!loaded) return kExitFailed;
    std::vector<pipeline::ReplayInput> inputs;
    for (const std::string& text : arguments.events) {
        const auto input = topic_and_file(loaded->config, text);
        if (!input) return kExitFailed;
        inputs.push_back({input->second, &input->first->mapping, input->first->disorder});
    }
    std::cerr << "tocsin: pseudonyms are made with a fixed key; they are not those of the daemon\n";
    AreaTree areas = config::make_areas(loaded->config);
    const Pseudonymizer pseudonyms = Pseudonymizer::fixed();
    const config::Storage& storage = loaded->config.storage;
    const task::Setting setting{loaded->config.schema, areas, pseudonyms, {storage.retention, storage.dedup, storage.max_events}, 1};
    pipeline::Replay run(setting, loaded->rules, *options);

    const Subjects subjects = arguments.show_subjects ? Subjects::kPlain : Subjects::kPseudonyms;
    Summary summary;
    const auto output = [&](const Transition& t) {
        if (arguments.output == "summary") summary.add(t);
        else if (arguments.output == "table") print_row(t, subjects);
        else std::cout << to_json(t, subjects) << '\n';
    };
    const auto trouble = [](const pipeline::UnreadableLine& line) {
        std::cerr << line.path << ":" << line.line << ": " << decode::reject_code_name(line.reason.code) << ": " << line.reason.message << "\n";
    };
    const auto counts = run.run(inputs, trouble, output);
    if (!counts) {
        complain(counts.error().message);
        return kExitFailed;
    }
    if (arguments.output == "summary") summary.print();
    std::cout.flush();
    std::cerr << "tocsin: " << counts->lines << " lines: " << counts->counted + counts->late << " counted, " << counts->late << " of them late, "
              << counts->duplicate << " duplicates, " << counts->too_late << " too late, " << counts->unreadable << " unreadable\n";
    return arguments.strict && counts->unreadable > 0 ? kExitFailed : kExitOk;
}

}  // namespace tocsin::app
