#include "app/test_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "app/loading.h"
#include "app/test_compare.h"
#include "base/files.h"
#include "base/json_text.h"
#include "base/times.h"
#include "pipeline/replay.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kGoldenBytesMax = 64 << 20;

/// Records that need no mapping: kind, time, and the fields under their own names. Who is behind an identifier the
/// configuration says for all its topics.
decode::TopicMapping plain_mapping(const config::Config& config) {
    decode::TopicMapping plain;
    plain.topic = "test";
    plain.kind.pointer = "/kind";
    if (!config.kafka.topics.empty()) plain.identity = config.kafka.topics.front().mapping.identity;
    return plain;
}

class Run {
public:
    Run(const TestFile& file, const RuleTest& test) : file_(file), test_(test), plain_(plain_mapping(file.config)) {}

    Result<std::vector<Transition>> run() {
        std::vector<pipeline::ReplayInput> inputs = {{"events", &plain_, {}, test_.lines}};
        for (const std::string& text : test_.files) inputs.push_back(TOCSIN_TRY(input_of(text)));
        AreaTree areas = config::make_areas(file_.config);
        const Pseudonymizer pseudonyms = Pseudonymizer::fixed();
        const config::Storage& storage = file_.config.storage;
        const task::Setting setting{
            file_.config.schema, areas, pseudonyms, {storage.retention, storage.dedup, storage.max_events}, 1};
        pipeline::ReplayOptions options;
        options.until = last_asked();
        std::string unreadable;
        const auto trouble = [&](const pipeline::UnreadableLine& line) {
            if (unreadable.empty())
                unreadable = line.path + ":" + std::to_string(line.line) + ": " + line.reason.message;
        };
        std::vector<Transition> made;
        TOCSIN_TRY(pipeline::Replay(setting, file_.rules, options).run(inputs, trouble, [&](const Transition& t) {
            made.push_back(t);
        }));
        if (!unreadable.empty()) return reject(unreadable);
        return made;
    }

private:
    Result<pipeline::ReplayInput> input_of(const std::string& text) const {
        const auto beside = [&](const std::string& path) {
            return (std::filesystem::path(file_.path).parent_path() / path).string();
        };
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos) return pipeline::ReplayInput{beside(text), &plain_, {}, {}};
        const config::Topic* topic = file_.config.topic(text.substr(0, equals));
        if (topic == nullptr)
            return reject("events_from: " +
                          (file_.config.file.empty() ? "there is no config_file, so no topic "
                                                     : file_.config.file + " has no topic ") +
                          yaml::quote(text.substr(0, equals)));
        return pipeline::ReplayInput{beside(text.substr(equals + 1)), &topic->mapping, topic->disorder, {}};
    }

    [[nodiscard]] Instant last_asked() const {
        Instant last = test_.until.value_or(test_.start);
        for (const AlertCheck& check : test_.alerts) last = std::max(last, check.at);
        for (const TransitionCheck& check : test_.transitions)
            for (const WantedTransition& t : check.transitions) last = std::max(last, t.at);
        return last;
    }

    const TestFile& file_;
    const RuleTest& test_;
    const decode::TopicMapping plain_;
};

/// What is open at an instant: the last word on each episode that is not closed.
std::vector<Facts> open_at(const std::vector<Transition>& made, const std::string& rule, Instant at) {
    std::map<std::string, const Transition*> open;
    for (const Transition& t : made) {
        if (t.rule != rule || t.at > at) continue;
        if (t.kind == TransitionKind::kClosed)
            open.erase(t.episode_id);
        else
            open[t.episode_id] = &t;
    }
    std::vector<Facts> facts;
    for (const auto& [id, t] : open) facts.push_back(facts_of_alert(*t));
    return facts;
}

void check_alerts(const RuleTest& test, const std::vector<Transition>& made, TestOutcome& outcome) {
    for (const AlertCheck& check : test.alerts) {
        std::vector<Facts> wanted;
        for (const Wanted& alert : check.alerts) wanted.push_back(facts_of(alert));
        const std::string differ = differences(wanted, open_at(made, check.rule, check.at));
        if (differ.empty()) continue;
        outcome.failures.push_back("    line " + std::to_string(check.line) + ": " + check.rule + ", open at " +
                                   moment_text(check.at, test.start) + ":\n" + differ);
    }
}

void check_transitions(const RuleTest& test, const std::vector<Transition>& made, TestOutcome& outcome) {
    for (const TransitionCheck& check : test.transitions) {
        std::vector<Facts> wanted, got;
        for (const WantedTransition& t : check.transitions) wanted.push_back(facts_of(t, test.start));
        for (const Transition& t : made) {
            if (t.rule == check.rule && t.kind != TransitionKind::kUpdated)
                got.push_back(facts_of_transition(t, test.start));
        }
        const std::string differ = differences(wanted, got);
        if (!differ.empty())
            outcome.failures.push_back("    line " + std::to_string(check.line) + ": " + check.rule +
                                       ", transitions:\n" + differ);
    }
}

void append_facts(std::string& out, std::string_view name, const Facts& facts, Part part) {
    out += ",\"" + std::string(name) + "\":{";
    bool first = true;
    for (const Fact& fact : facts) {
        if (fact.part != part || fact.name == "alertname") continue;
        if (!first) out.push_back(',');
        first = false;
        append_json_string(out, fact.name);
        out.push_back(':');
        append_json_string(out, fact.text);
    }
    out.push_back('}');
}

/// Every transition but `updated`, a line of JSON each, without what changes with any word of the rule files.
std::string golden_text(const std::vector<Transition>& made) {
    std::string out;
    for (const Transition& t : made) {
        if (t.kind == TransitionKind::kUpdated) continue;
        out += R"({"at":")" + format_rfc3339(t.at) + R"(","rule":")" + t.rule + R"(","transition":")" +
               std::string(transition_name(t.kind)) + '"';
        if (t.kind == TransitionKind::kClosed) out += R"(,"reason":")" + std::string(close_reason_name(t.reason)) + '"';
        const Facts facts = facts_of_alert(t);
        append_facts(out, "labels", facts, Part::kLabel);
        append_facts(out, "measures", facts, Part::kMeasure);
        append_facts(out, "annotations", facts, Part::kAnnotation);
        out += "}\n";
    }
    return out;
}

void check_golden(const RuleTest& test, const std::vector<Transition>& made, Golden mode, TestOutcome& outcome) {
    if (test.golden.empty()) return;
    const std::string got = golden_text(made);
    const auto wanted = read_file(test.golden, kGoldenBytesMax);
    if (mode == Golden::kUpdate) {
        if (wanted && *wanted == got) return;
        std::ofstream file(test.golden, std::ios::binary | std::ios::trunc);
        file << got;
        if (!file.flush()) outcome.failures.push_back("    golden: " + test.golden + " cannot be written\n");
        return;
    }
    if (!wanted) {
        outcome.failures.push_back("    golden: " + wanted.error().message + "; --update-golden writes it\n");
        return;
    }
    const std::string differ = differing_lines(*wanted, got);
    if (!differ.empty())
        outcome.failures.push_back("    golden: " + test.golden + " (if this is right, --update-golden):\n" + differ);
}

}  // namespace

void Coverage::add(const RuleSet& rules) {
    for (const Rule& rule : rules.rules) {
        auto& levels = rules_[place_of(rule)];
        for (int l = 1; l < kLevels; ++l)
            if (rule.levels[static_cast<std::size_t>(l)]) levels.emplace(static_cast<Level>(l), false);
    }
}

void Coverage::reached(const Transition& transition, const RuleSet& rules) {
    const Rule* rule = rules.find(transition.rule);
    if (rule != nullptr && transition.level != Level::kNone) rules_[place_of(*rule)][transition.level] = true;
}

std::vector<std::string> Coverage::missing() const {
    std::vector<std::string> out;
    for (const auto& [place, levels] : rules_) {
        for (const auto& [level, is_reached] : levels) {
            if (!is_reached)
                out.push_back("rule " + std::get<2>(place) + " level " + std::string(level_name(level)) +
                              ": never reached by a test");
        }
    }
    return out;
}

std::size_t Coverage::levels() const {
    std::size_t count = 0;
    for (const auto& [place, levels] : rules_) count += levels.size();
    return count;
}

TestOutcome run_test(const TestFile& file, const RuleTest& test, Golden golden, Coverage& coverage) {
    TestOutcome outcome{test.name, test.line, {}, 0};
    const auto began = std::chrono::steady_clock::now();
    const auto made = Run(file, test).run();
    if (made) {
        for (const Transition& t : *made) coverage.reached(t, *file.rules);
        check_alerts(test, *made, outcome);
        check_transitions(test, *made, outcome);
        check_golden(test, *made, golden, outcome);
    } else {
        outcome.failures.push_back("    " + made.error().message + "\n");
    }
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return outcome;
}

}  // namespace tocsin::app
