#include "lint/lint.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "lint/report.h"
#include "lint/source.h"

namespace tocsin::lint {
namespace {

std::string number(double value) {
    const double rounded = std::round(value * 10) / 10;
    std::string text = std::to_string(static_cast<long long>(rounded));
    const int tenth = static_cast<int>(std::llround(std::fabs(rounded) * 10)) % 10;
    return tenth == 0 ? text : text + "." + std::to_string(tenth);
}

class Linter {
public:
    explicit Linter(const Input& input) : input_(input) {}

    std::vector<Finding> run() {
        std::vector<Finding> all;
        for (const rules::RuleFile& file : input_.files) {
            const Source source(file);
            for (const Place& place : source.places()) {
                for (Finding& finding : look_at(source, place)) all.push_back(std::move(finding));
            }
        }
        const auto place = [this](const Finding& f) {
            return std::tuple(order(f.position.file), f.position.line, f.position.col, std::string_view(f.check),
                              std::string_view(f.message));
        };
        std::stable_sort(all.begin(), all.end(),
                         [&](const Finding& a, const Finding& b) { return place(a) < place(b); });
        // Rules that share a table find the same in it.
        const auto same = [](const Finding& a, const Finding& b) {
            return std::tie(a.check, a.position.file, a.position.line, a.position.col, a.message) ==
                   std::tie(b.check, b.position.file, b.position.line, b.position.col, b.message);
        };
        all.erase(std::unique(all.begin(), all.end(), same), all.end());
        return all;
    }

private:
    /// The rule and its rollup, without what the comments on them disable.
    std::vector<Finding> look_at(const Source& source, const Place& place) {
        std::vector<Finding> found;
        const auto name = place.rule.find("alert");
        const Rule* rule = name ? input_.rules.find(name->text()) : nullptr;
        if (rule == nullptr) return found;
        const std::vector<Comment> comments = source.comments(place);
        check({*rule, place, found}, comments);
        for (const Rule& rollup : input_.rules.rules) {
            if (rollup.rolls_up == rule->order) check({rollup, place, found}, comments);
        }
        disable(*rule, comments, found);
        return found;
    }

    void check(const Subject& subject, const std::vector<Comment>& comments) {
        check_levels(subject, input_);
        check_thresholds(subject, input_);
        check_texts(subject, input_);
        check_shape(subject, input_);
        check_conditions(subject, input_);
        check_phases(subject);
        check_duplicate(subject);
        check_table_use(subject);
        if (!input_.tested.contains(subject.rule().name))
            subject.say("no-test", name_of(subject),
                        "no test asks about " + subject.rule().name + ": docs/testing_rules.md tells how to write one");
        check_noise(subject, comments);
    }

    static yaml::Node name_of(const Subject& subject) { return subject.at({"alert"}); }

    void check_duplicate(const Subject& subject) {
        const Rule& rule = subject.rule();
        const auto [other, is_new] = definitions_.emplace(rule.definition_hash, &rule);
        if (is_new || rule.rolls_up) return;  // a rollup is as its rule is
        subject.say("duplicate-rule", name_of(subject),
                    rule.name + " says the same as " + other->second->name + " (" + other->second->file + ":" +
                        std::to_string(other->second->line) + "): everything would be told twice");
    }

    /// A table that nothing in its group compares with; said once, of the group's first rule.
    void check_table_use(const Subject& subject) {
        const Place& place = subject.place();
        const auto table = place.group.find("thresholds_file");
        if (!table || subject.rule().rolls_up || !groups_.insert({place.file, place.group.position().line}).second)
            return;
        const auto in_group = [&](const Rule& rule) {
            return rule.file == place.file && rule.group == subject.rule().group;
        };
        const bool is_used = std::any_of(input_.rules.rules.begin(), input_.rules.rules.end(), [&](const Rule& rule) {
            return in_group(rule) && rule.thresholds != nullptr;
        });
        if (!is_used)
            subject.say(
                "unused-thresholds", *table,
                "no level of this group compares with threshold.colour: " + table->text() + " is read for nothing");
    }

    void check_noise(const Subject& subject, const std::vector<Comment>& comments) {
        if (!input_.history || input_.history->weeks <= 0) return;
        double budget = input_.history->budget;
        for (const Comment& comment : comments) budget = comment.budget.value_or(budget);
        const auto opened = input_.history->openings.find(subject.rule().name);
        const double weekly = opened == input_.history->openings.end() ? 0 : opened->second / input_.history->weeks;
        if (weekly > budget)
            subject.say("noisy", name_of(subject),
                        subject.rule().name + " would have opened " + number(weekly) + " times a week in " +
                            number(input_.history->weeks) + " weeks of history, above its budget of " + number(budget));
    }

    /// A comment that disables nothing is a finding, too: it would hide the next mistake, or never have worked.
    void disable(const Rule& rule, const std::vector<Comment>& comments, std::vector<Finding>& found) {
        std::vector<Finding> useless;
        std::set<std::string> off;
        std::vector<std::string> names;
        for (const Check& known : checks()) names.emplace_back(known.name);
        for (const Comment& comment : comments) {
            const auto say = [&](const std::string& message) {
                useless.push_back({"unused-comment", rule.name, comment.position, message});
            };
            if (comment.disables.empty() && !comment.budget)
                say("this comment says nothing: `# tocsin disable CHECK, …` and `# tocsin budget 20 per week` are "
                    "understood");
            for (const std::string& name : comment.disables) {
                const bool known = std::find(names.begin(), names.end(), name) != names.end();
                const bool needed =
                    std::any_of(found.begin(), found.end(), [&](const Finding& f) { return f.check == name; });
                // Without a history nobody knows whether it would be needed.
                const bool unknown_need = name == "noisy" && !input_.history;
                if (!known)
                    say("there is no check " + yaml::quote(name) + yaml::did_you_mean(name, names));
                else if (!needed && !unknown_need && !off.contains(name))
                    say("nothing is found here that `disable " + name + "` hides: take it away");
                off.insert(name);
            }
        }
        std::erase_if(found, [&](const Finding& f) { return off.contains(f.check); });
        for (Finding& f : useless) found.push_back(std::move(f));
    }

    [[nodiscard]] std::size_t order(const std::string& path) const {
        const auto found = std::find_if(input_.files.begin(), input_.files.end(),
                                        [&](const rules::RuleFile& f) { return f.path == path; });
        return static_cast<std::size_t>(found - input_.files.begin());  // tables behind the rule files
    }

    const Input& input_;
    std::map<std::uint64_t, const Rule*> definitions_;
    std::set<std::pair<std::string, int>> groups_;
};

}  // namespace

const std::vector<Check>& checks() {
    static const std::vector<Check> all = {
        {"always-true", "A comparison of something with itself, or a level that holds whatever happens."},
        {"duplicate-rule", "Two rules that say the same under different names."},
        {"high-cardinality-key", "A rule about places counts by a field that may take any value."},
        {"level-order", "A higher level is easier to reach than a lower one."},
        {"missing-summary", "Nothing tells people what happened."},
        {"missing-threshold", "A level compares with a threshold that the table sets for no area."},
        {"no-test", "No test asks about the rule."},
        {"noisy", "On the history given the rule opens more often than its budget allows."},
        {"person-level-pages", "A rule about people raises warnings, which page, instead of cases."},
        {"phase-never-begins", "A phase of the rule that phases_file never begins anywhere."},
        {"pii-in-annotation", "A text that is sent may hold a name, a number or an address."},
        {"unknown-area", "The table has a row for an area that does not exist."},
        {"unreachable-level", "A level that no episode can have."},
        {"unused-comment", "A comment for these checks that has no effect."},
        {"unused-thresholds", "A thresholds_file that no level of its group compares with."},
        {"value-in-label", "A label looks as if it held a value."},
        {"window-exceeds-retention", "A level waits for longer than anything is kept."},
    };
    return all;
}

std::vector<Finding> lint(const Input& input) {
    return Linter(input).run();
}

}  // namespace tocsin::lint
