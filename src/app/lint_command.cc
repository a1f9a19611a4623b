#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/git.h"
#include "app/lint_report.h"
#include "app/loading.h"
#include "app/test_file.h"
#include "base/files.h"
#include "lint/lint.h"
#include "pipeline/replay.h"
#include "yaml/node.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;
using Texts = std::map<std::string, std::string, std::less<>>;

constexpr double kWeek = 7 * 24 * 3600 * 1000.0;  ///< milliseconds

fs::path canonical(const std::string& path) {
    std::error_code error;
    const fs::path found = fs::weakly_canonical(path, error);
    return error ? fs::path(path) : found;
}

/// `check rules`, once.
class RulesCheck {
public:
    explicit RulesCheck(const CheckRulesArguments& arguments) : arguments_(arguments) {}

    int run() {
        if (!lints_are_known()) return kExitUsage;
        if (!arguments_.config_file.empty()) {
            auto loaded = load_configuration(arguments_.config_file, config::Purpose::kRules);
            if (!loaded) return kExitFailed;
            config_ = std::move(*loaded);
        }
        bool loaded = true;
        for (const std::string& file : arguments_.files) loaded = load({file}) && loaded;
        if (loaded && arguments_.files.size() > 1)
            loaded = load(arguments_.files);  // what shows only side by side: a name that two files use
        if (loaded && !lint_loaded()) return kExitFailed;
        report();
        if (!loaded) return kExitFailed;
        const bool any = std::any_of(remarks_.begin(), remarks_.end(), [](const Remark& r) { return !r.is_error(); });
        return arguments_.lint_fatal && any ? kExitLintOnly : kExitOk;
    }

private:
    [[nodiscard]] bool wants(std::string_view check) const {
        const auto& names = arguments_.lint;
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return name == "all" || name == check; });
    }

    [[nodiscard]] bool lints_are_known() const {
        std::vector<std::string> names = {"all", "none"};
        for (const lint::Check& check : lint::checks()) names.emplace_back(check.name);
        for (const std::string& name : arguments_.lint) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            complain("--lint: there is no check " + yaml::quote(name) + yaml::did_you_mean(name, names));
            return false;
        }
        return true;
    }

    /// Files one by one show all mistakes, each under its own name; together they are what is linted.
    bool load(const std::vector<std::string>& files) {
        yaml::Diagnostics diagnostics;
        auto rules = config::load_rules(config_, files, diagnostics);
        for (const yaml::Diagnostic& d : diagnostics.sorted())
            if (d.severity == yaml::Severity::kError) remarks_.push_back({"", d.position, d.message});
        if (arguments_.format == "text" && says_more(diagnostics)) std::cerr << diagnostics.text();
        if (!rules && arguments_.config_file.empty() && misses_configuration(diagnostics))
            complain(
                "calendars, phases, areas and declared events stand in the configuration: add "
                "--config.file=tocsin.yml");
        if (!rules && !diagnostics.has_errors()) complain(rules.error().message);
        if (rules && files.size() == 1 && arguments_.format == "text") {
            std::cout << files.front() << ": ok, " << rules->rules.size() << " rules\n";
            warn_of_calendars(*rules);
            warn_of_texts(*rules);
        }
        if (!rules) return false;
        rules_ = std::make_shared<const RuleSet>(std::move(*rules));
        return true;
    }

    /// Whether there is anything in it that no file before has said.
    bool says_more(const yaml::Diagnostics& diagnostics) {
        bool more = false;
        for (const yaml::Diagnostic& d : diagnostics.sorted())
            more = d.severity == yaml::Severity::kError || warned_.insert(d.message).second || more;
        return more;
    }

    static bool misses_configuration(const yaml::Diagnostics& diagnostics) {
        const auto all = diagnostics.sorted();
        return std::any_of(all.begin(), all.end(), [](const yaml::Diagnostic& d) {
            return d.severity == yaml::Severity::kError && d.message.find("in the configuration") != std::string::npos;
        });
    }

    bool lint_loaded() {
        read_sources();
        std::set<std::string, std::less<>> changed;
        if (!find_changed(changed)) return false;
        std::optional<lint::History> history;
        if (!arguments_.history.empty() && wants("noisy") && !read_history(history)) return false;
        AreaTree areas = config::make_areas(config_);
        const auto tested = wants("no-test") ? tested_rules() : std::set<std::string, std::less<>>();
        const lint::Input input{*rules_, files_, tables_, config_.schema, areas, config_.storage.retention,
                                tested,  history};
        for (lint::Finding& f : lint::lint(input)) {
            const bool counts = arguments_.changed_since.empty() || changed.contains(f.rule);
            if (wants(f.check) && counts) remarks_.push_back({f.check, std::move(f.position), std::move(f.message)});
        }
        return true;
    }

    void read_sources() {
        for (const std::string& path : arguments_.files) {
            const auto text = read_file(path, yaml::kFileBytesMax);
            if (text) files_.push_back({path, *text});
        }
        for (const rules::RuleFile& file : files_) {
            sources_[file.path] = file.text;
            for (const lint::Extent& extent : lint::extents(file)) {
                const auto table = extent.table.empty() ? Result<std::string>(reject(""))
                                                        : read_file(extent.table, yaml::kFileBytesMax);
                if (table) sources_[extent.table] = tables_[extent.table] = *table;
            }
        }
    }

    /// Rules whose lines, comments, group labels or thresholds are not what they were. False after complaining.
    bool find_changed(std::set<std::string, std::less<>>& changed) const {
        if (arguments_.changed_since.empty()) return true;
        for (const rules::RuleFile& file : files_) {
            const auto known = check_revision(file.path, arguments_.changed_since);
            if (!known) {
                complain(known.error().message);
                return false;
            }
            Texts before;
            for (const lint::Extent& old :
                 lint::extents({file.path, file_at(file.path, arguments_.changed_since).value_or("")}))
                before[old.rule] = old.text;
            for (const lint::Extent& extent : lint::extents(file)) {
                const auto old = before.find(extent.rule);
                const bool same_table = extent.table.empty() || file_at(extent.table, arguments_.changed_since) ==
                                                                    tables_.find(extent.table)->second;
                if (old == before.end() || old->second != extent.text || !same_table) changed.insert(extent.rule);
            }
        }
        for (const Rule& rule : rules_->rules) {
            if (rule.rolls_up && changed.contains(rules_->rules[*rule.rolls_up].name)) changed.insert(rule.name);
        }
        return true;
    }

    /// The rules of these files that a test asks about: by name, or in a golden file.
    std::set<std::string, std::less<>> tested_rules() const {
        std::vector<std::string> places = arguments_.tests;
        std::set<std::string> folders;
        for (const std::string& file : arguments_.files) {
            const fs::path folder = fs::path(file).parent_path() / "tests";
            std::error_code error;
            if (arguments_.tests.empty() && fs::is_directory(folder, error) && folders.insert(folder).second)
                places.push_back(folder);
        }
        std::set<std::pair<fs::path, std::string>> asked;
        for (const std::string& path : test_files(places)) {
            yaml::Diagnostics diagnostics;
            const auto file = load_test_file(path, diagnostics);
            if (!file)
                std::cerr << diagnostics.text() << "tocsin: " << path
                          << ": these tests cannot be read, and count for no rule\n";
            if (!file) continue;
            for (const RuleTest& test : file->tests) add_asked(*file, test, asked);
        }
        std::set<std::string, std::less<>> tested;
        for (const Rule& rule : rules_->rules) {
            if (asked.contains({canonical(rule.file), rule.name})) tested.insert(rule.name);
        }
        return tested;
    }

    static void add_asked(const TestFile& file, const RuleTest& test,
                          std::set<std::pair<fs::path, std::string>>& asked) {
        for (const Rule& rule : file.rules->rules) {
            const auto is_asked = [&](const auto& check) { return check.rule == rule.name; };
            if (!test.golden.empty() || std::any_of(test.alerts.begin(), test.alerts.end(), is_asked) ||
                std::any_of(test.transitions.begin(), test.transitions.end(), is_asked))
                asked.insert({canonical(rule.file), rule.name});
        }
    }

    bool read_history(std::optional<lint::History>& history) const {
        std::vector<pipeline::ReplayInput> inputs;
        for (const std::string& text : arguments_.history) {
            const auto input = topic_and_file(config_, text);
            if (!input) return false;
            inputs.push_back({input->second, &input->first->mapping, input->first->disorder});
        }
        AreaTree areas = config::make_areas(config_);
        const Pseudonymizer pseudonyms = Pseudonymizer::fixed();
        const config::Storage& storage = config_.storage;
        const task::Setting setting{
            config_.schema, areas, pseudonyms, {storage.retention, storage.dedup, storage.max_events}, 1};
        history = lint::History{0, {}, arguments_.budget};
        const auto counts = pipeline::Replay(setting, rules_, {})
                                .run(
                                    inputs, [](const pipeline::UnreadableLine&) {},
                                    [&](const Transition& t) {
                                        if (t.kind == TransitionKind::kOpened) ++history->openings[t.rule];
                                    });
        if (!counts) {
            complain(counts.error().message);
            return false;
        }
        if (counts->unreadable > 0)
            complain("--events: " + std::to_string(counts->unreadable) +
                     " lines cannot be decoded and were left out; check events tells which");
        // A shorter history than a week says little about a week: it is taken as one.
        if (counts->last >= counts->first)
            history->weeks = std::max(1.0, static_cast<double>((counts->last - counts->first).count()) / kWeek);
        return true;
    }

    void report() const {
        if (arguments_.format == "json") std::cout << remarks_as_json(remarks_);
        if (arguments_.format == "github") std::cout << remarks_for_github(remarks_);
        if (arguments_.format == "sarif") std::cout << remarks_as_sarif(remarks_);
        if (arguments_.format != "text") return;
        std::vector<Remark> findings;  // errors were told while files were read
        std::copy_if(remarks_.begin(), remarks_.end(), std::back_inserter(findings),
                     [](const Remark& r) { return !r.is_error(); });
        std::cout.flush();
        std::cerr << remarks_as_text(findings, sources_);
    }

    const CheckRulesArguments& arguments_;
    config::Config config_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<rules::RuleFile> files_;
    Texts tables_, sources_;
    std::vector<Remark> remarks_;
    std::set<std::string> warned_;  // a warning of a calendar is said once, not for each file that counts by it
};

}  // namespace

int check_rules(const CheckRulesArguments& arguments) {
    return RulesCheck(arguments).run();
}

}  // namespace tocsin::app
