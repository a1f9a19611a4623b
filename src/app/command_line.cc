#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "app/commands.h"
#include "app/completion.h"
#include "app/exit_codes.h"
#include "app/explain.h"
#include "app/tune.h"
#include "base/log.h"

namespace tocsin::app {
namespace {

// Flags are spelled as Prometheus spells them; CLI11's own exit codes become 2.
struct Line {
    CLI::App app{"tocsin hears trouble coming: complaints, promises and mass incidents from Kafka.", "tocsin"};
    ReplayArguments replay;
    ExplainArguments explain;
    TuneArguments tune;
    std::vector<std::string> check_config;
    CheckRulesArguments check_rules;
    CheckEventsArguments check_events;
    std::vector<std::string> check_tests;
    TestArguments test;
    RunArguments run;
    DemoArguments demo;
    AskArguments ask;
    DlqArguments dlq;
    StateArguments state;
    SchemaArguments schema;
    std::string shell;
    bool version_json = false;
    std::string log_level, log_format = "logfmt";
    std::function<int()> chosen;
};

CLI::App* command(CLI::App& parent, Line& line, const std::string& name, const std::string& help,
                  std::function<int()> action) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->fallthrough(false);
    sub->callback([&line, action = std::move(action)] { line.chosen = action; });
    return sub;
}

CLI::Option* config_flag(CLI::App* sub, std::string& file) {
    return sub->add_option("--config.file", file, "The configuration, tocsin.yml.");
}

void log_flags(CLI::App* sub, Line& line) {
    sub->add_option("--log.level", line.log_level, "debug, info, warn or error.")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    sub->add_option("--log.format", line.log_format, "logfmt or json.")->check(CLI::IsMember({"logfmt", "json"}));
}

void add_run(Line& line) {
    CLI::App* sub = command(line.app, line, "run", "Read events from Kafka and tell what they mean.",
                            [&line] { return run_daemon(line.run); });
    config_flag(sub, line.run.config_file)->required();
    sub->add_option("--web.listen-address", line.run.listen, "host:port of the HTTP server; may be repeated.");
    sub->add_option("--storage.path", line.run.storage_path, "Where the state lies, instead of storage.path.");
    sub->add_option("--clock", line.run.clock,
                    "wall, or event: history and demonstrations, the wall clock decides nothing.")
        ->check(CLI::IsMember({"wall", "event"}));
    sub->add_flag("--web.enable-lifecycle", line.run.enable_lifecycle, "Allow POST /-/reload.");
    log_flags(sub, line);
}

// So that a word behind --events=FILE is not one more file.
void one_word_each(CLI::App* sub, const std::vector<const char*>& names) {
    for (const char* name : names) sub->get_option(name)->allow_extra_args(false);
}

void add_check_rules(CLI::App& check, Line& line) {
    CheckRulesArguments& a = line.check_rules;
    CLI::App* rules = command(check, line, "rules", "Check rule files, and look for what loads and yet is not meant.",
                              [&line] { return check_rules(line.check_rules); });
    config_flag(rules, a.config_file);
    rules->add_option("files", a.files, "Rule files.")->required();
    rules->add_option("--format", a.format, "text, json, github or sarif.")
        ->check(CLI::IsMember({"text", "json", "github", "sarif"}))
        ->capture_default_str();
    rules->add_option("--lint", a.lint, "Which checks: all, none, or names with commas between them.")->delimiter(',');
    rules->add_flag("--lint-fatal", a.lint_fatal, "Exit 3 if a check finds something.");
    rules->add_option("--changed-since", a.changed_since,
                      "Only findings about rules that changed since this revision of git.");
    rules->add_option("--tests", a.tests, "Test files or folders, instead of the folders tests beside the rule files.");
    rules->add_option("--events", a.history, "[TOPIC=]FILE: history that says how often rules would have opened.");
    one_word_each(rules, {"--lint", "--tests", "--events"});
    rules->add_option("--budget", a.budget, "Openings a week that a rule may have on that history.")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
}

void add_check(Line& line) {
    CLI::App* check = line.app.add_subcommand("check", "Check files before they are used.");
    CLI::App* config = command(*check, line, "config", "Check configurations and the rules they name.",
                               [&line] { return check_config(line.check_config); });
    config->add_option("files,--config.file", line.check_config, "tocsin.yml …")->required();
    add_check_rules(*check, line);
    CLI::App* tests = command(*check, line, "test", "Check test files and the rules they name, without running them.",
                              [&line] { return check_tests(line.check_tests); });
    tests->add_option("files", line.check_tests, "Test files, or folders of them.")->required();
    CLI::App* events =
        command(*check, line, "events", "Decode files as the daemon would; prints what would be a dead letter.",
                [&line] { return check_events(line.check_events); });
    config_flag(events, line.check_events.config_file)->required();
    events->add_flag("--record", line.check_events.record, "Each file is the value of one record, not JSON lines.");
    events->add_option("files", line.check_events.events, "[TOPIC=]FILE …")->required();
}

void add_test(Line& line) {
    CLI::App* sub = command(line.app, line, "test", "Run tests of rules: a timeline, and what the rules say about it.",
                            [&line] { return test_rules(line.test); });
    sub->add_option("files", line.test.files, "Test files, or folders of them.")->required();
    sub->add_option("--run", line.test.run, "Only the tests in whose name this regular expression is found.");
    sub->add_option("--junit", line.test.junit, "Write the outcome to this file, as JUnit's XML.");
    sub->add_flag("--update-golden", line.test.update_golden,
                  "Write the golden files anew instead of comparing with them.");
}

// Whose events, whose rules.
CLI::Option* source_flags(CLI::App* sub, HistoryArguments& history) {
    CLI::Option* config = config_flag(sub, history.config_file)->required();
    sub->add_option("--events", history.events, "[TOPIC=]FILE.jsonl[.gz]; TOPIC names the mapping, default the first.");
    sub->add_flag("--from-kafka", history.from_kafka,
                  "What lies in the configured topics, instead of files; reads only.");
    sub->add_option("--rules", history.rules, "Rule files, instead of those of the configuration.");
    sub->add_flag("--keyed", history.keyed, "Pseudonyms and ids of the daemon: made with privacy.pseudonym_key_file.");
    return config;
}

void time_flags(CLI::App* sub, HistoryArguments& history) {
    sub->add_option("--from", history.from, "No output before this time (RFC 3339); the state is filled all the same.");
    sub->add_option("--to", history.to, "No events after this time; timers run up to it, inclusive.");
}

void add_replay(Line& line) {
    CLI::App* sub = command(line.app, line, "replay", "What rules say about events of the past, in virtual time.",
                            [&line] { return replay(line.replay); });
    source_flags(sub, line.replay.history);
    time_flags(sub, line.replay.history);
    sub->add_option("--order", line.replay.order, "time, or input: as the daemon read it.")
        ->check(CLI::IsMember({"time", "input"}));
    sub->add_option("-o,--output", line.replay.output,
                    "ndjson, table or summary; with --against table, json, markdown or html.")
        ->check(CLI::IsMember({"ndjson", "table", "summary", "json", "markdown", "html"}));
    CLI::Option* plain =
        sub->add_flag("--show-subjects", line.replay.show_subjects, "Plain numbers instead of pseudonyms.");
    sub->add_flag("--strict", line.replay.strict, "Exit 1 if a line cannot be decoded.");
    CLI::Option* against = sub->add_option("--against", line.replay.against,
                                           "Rule files to compare with: what they would have said before.");
    against->excludes(plain);
    sub->add_option("--max-new-pages", line.replay.max_new_pages, "With --against: exit 1 if there are more new pages.")
        ->needs(against);
    sub->add_option("--minutes-per-case", line.replay.minutes_per_case,
                    "With --against: what following up one case costs.")
        ->needs(against)
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

void add_explain(Line& line) {
    CLI::App* sub = command(line.app, line, "explain", "Why a rule fired, or why it did not.",
                            [&line] { return explain(line.explain); });
    source_flags(sub, line.explain.history)->required(false);
    sub->add_option("--url", line.explain.url, "The running daemon, which is asked without --events and --from-kafka.")
        ->capture_default_str();
    one_word_each(sub, {"--events", "--rules"});
    sub->add_option("id", line.explain.id, "Of an episode or a transition.");
    sub->add_option("--rule", line.explain.rule, "Without an id: the rule,");
    sub->add_option("--customer", line.explain.customer, "the person's number or pseudonym,");
    sub->add_option("--at", line.explain.at, "and the instant (RFC 3339); without it the daemon says what is now.");
    sub->add_option("-o,--output", line.explain.output, "text or json.")->check(CLI::IsMember({"text", "json"}));
    sub->add_flag("--show-subjects", line.explain.show_subjects, "Plain numbers instead of pseudonyms.");
}

void add_tune(Line& line) {
    CLI::App* sub = command(line.app, line, "tune", "What other thresholds of a rule would have given; edits nothing.",
                            [&line] { return tune(line.tune); });
    source_flags(sub, line.tune.history);
    time_flags(sub, line.tune.history);
    sub->add_option("rule", line.tune.rule, "Its name.")->required();
    sub->add_option("--level", line.tune.level, "The colour that is turned, instead of the lowest.")
        ->check(CLI::IsMember({"blue", "yellow", "orange", "red"}));
    sub->add_option("--measure", line.tune.measure, "What it compares, if it compares several: n of `n >= 3`.");
    sub->add_option("--values", line.tune.values, "Settings to try, instead of some around the present one.")
        ->delimiter(',');
    one_word_each(sub, {"--events", "--rules", "--values"});
    sub->add_option("--pages-per-day", line.tune.pages_per_day, "Mark the lowest setting that calls no more often.")
        ->check(CLI::NonNegativeNumber);
    sub->add_option("--labels", line.tune.labels, "What really happened: CSV with start, area or customer, end.");
    sub->add_option("--lead", line.tune.lead, "How early before an incident a flag belongs to it.")
        ->capture_default_str();
    sub->add_option("-o,--output", line.tune.output, "table or json.")->check(CLI::IsMember({"table", "json"}));
}

void add_ask(Line& line) {
    const auto flags = [&line](CLI::App* sub) {
        sub->add_option("--url", line.ask.url, "The running daemon.");
        sub->add_option("-o,--output", line.ask.output, "simple or json.")->check(CLI::IsMember({"simple", "json"}));
    };
    const std::pair<const char*, int (*)(const AskArguments&)> kinds[] = {{"case", ask_cases},
                                                                          {"warning", ask_warnings}};
    for (const auto& [name, ask] : kinds) {
        CLI::App* parent = line.app.add_subcommand(name, std::string("Open ") + name + "s of the running daemon.");
        flags(command(*parent, line, "list", "All that are open.", [&line, ask = ask] {
            line.ask.what = "list";
            return ask(line.ask);
        }));
        CLI::App* show = command(*parent, line, "show", "One of them.", [&line, ask = ask] {
            line.ask.what = "show";
            return ask(line.ask);
        });
        show->add_option("id", line.ask.id, "Its id.")->required();
        flags(show);
    }
    CLI::App* find = command(line.app, line, "lookup", "Whom a pseudonym or a case stands for.",
                             [&line] { return lookup(line.ask); });
    find->add_option("id", line.ask.id, "c-… or the id of a case.")->required();
    find->add_flag("--reveal", line.ask.reveal, "Print the number; the daemon's log keeps who asked.");
    flags(find);
}

void add_operations(Line& line) {
    CLI::App* sub = command(line.app, line, "demo",
                            "An invented campaign, from complaints to warnings, without anything to set up.",
                            [&line] { return demo(line.demo); });
    sub->add_option("--web.listen-address", line.demo.listen, "host:port of the HTTP server.");
    sub->add_option("--scenario", line.demo.scenario, "campaign or spectrum.")
        ->check(CLI::IsMember({"campaign", "spectrum"}));
    sub->add_flag("--once", line.demo.once, "End when everything has been read.");
    log_flags(sub, line);

    CLI::App* dlq = line.app.add_subcommand("dlq", "Dead letters: records that are no events.");
    CLI::App* list = command(*dlq, line, "list", "Each with its reason.", [&line] {
        line.dlq.what = "list";
        return dead_letters(line.dlq);
    });
    CLI::App* show = command(*dlq, line, "show", "One of them, whole: it holds customer data.", [&line] {
        line.dlq.what = "show";
        return dead_letters(line.dlq);
    });
    show->add_option("id", line.dlq.id, "topic/partition/offset")->required();
    for (CLI::App* each : {list, show}) {
        config_flag(each, line.dlq.config_file)->required();
        each->add_option("-o,--output", line.dlq.output, "simple or json.")->check(CLI::IsMember({"simple", "json"}));
    }

    CLI::App* state = line.app.add_subcommand("state", "The state directory of a stopped daemon.");
    CLI::App* dump = command(*state, line, "dump", "What is stored, as JSON lines: it holds customer data.",
                             [&line] { return state_dump(line.state); });
    dump->add_option("--storage.path", line.state.storage_path, "The state directory.")->required();
    dump->add_option("--kinds", line.state.kinds, "task, notice, profile, cell; default all.")->delimiter(',');
    CLI::App* rebuild = command(*state, line, "rebuild",
                                "Make a lost task's state again from the log, beside a stopped daemon; tells nobody.",
                                [&line] { return state_rebuild(line.state); });
    config_flag(rebuild, line.state.config_file)->required();
    rebuild->add_option("--task", line.state.task, "Its number.")->required();
    rebuild->add_option("--storage.path", line.state.storage_path, "The state directory, instead of storage.path.");
    rebuild->add_option("--clock", line.state.clock, "As the daemon runs: wall or event.")
        ->check(CLI::IsMember({"wall", "event"}))
        ->capture_default_str();

    CLI::App* version = command(line.app, line, "version", "Which version this is.",
                                [&line] { return print_version(line.version_json); });
    version->add_flag("--json", line.version_json, "As JSON.");
}

void add_schema(Line& line) {
    CLI::App* schema =
        line.app.add_subcommand("schema", "JSON Schema (draft-07), for editors and for those who produce events.");
    const std::pair<const char*, const char*> kinds[] = {{"config", "Of tocsin.yml."},
                                                         {"rules", "Of rule files."},
                                                         {"test", "Of tests of rules."},
                                                         {"event", "Of a record."}};
    for (const auto& [what, help] : kinds) {
        CLI::App* sub = command(*schema, line, what, help, [&line, what = std::string(what)] {
            line.schema.what = what;
            return print_schema(line.schema);
        });
        if (std::string_view(what) != "event") continue;
        config_flag(sub, line.schema.config_file);
        sub->add_option("--topic", line.schema.topic, "Of this topic's records, as its entry maps them.");
    }
}

void add_completion(Line& line) {
    CLI::App* sub =
        command(line.app, line, "completion", "A script that completes commands and flags, for a shell.", [&line] {
            std::cout << completion_script(line.app, line.shell);
            return kExitOk;
        });
    sub->add_option("shell", line.shell, "bash, zsh or fish.")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

LogLevel level_of(const std::string& name) {
    for (std::size_t i = 0; i < kLogLevelNames.size(); ++i) {
        if (kLogLevelNames[i] == name) return static_cast<LogLevel>(i);
    }
    return LogLevel::kInfo;
}

}  // namespace

int run(int argc, char** argv) {
    Line line;
    line.app.set_version_flag("--version", "tocsin " TOCSIN_VERSION);
    add_run(line);
    add_check(line);
    add_test(line);
    add_replay(line);
    add_explain(line);
    add_tune(line);
    add_ask(line);
    add_operations(line);
    add_schema(line);
    add_completion(line);
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = line.app.exit(error, std::cout, std::cerr);
        return code == 0 ? kExitOk : kExitUsage;
    }
    // The demonstration's board stands on the same terminal as its log.
    if (line.log_level.empty()) line.log_level = line.app.got_subcommand("demo") ? "warn" : "info";
    if (!line.chosen) {
        // Asked for here and not by CLI11, which would say it instead of naming the word it does not know.
        std::cerr << "A subcommand is required\nRun with --help for more information.\n";
        return kExitUsage;
    }
    set_log(level_of(line.log_level), line.log_format == "json" ? LogFormat::kJson : LogFormat::kLogfmt);
    return line.chosen();
}

int print_version(bool as_json) {
    if (as_json)
        std::cout << "{\"version\":\"" TOCSIN_VERSION "\"}\n";
    else
        std::cout << "tocsin " TOCSIN_VERSION "\n";
    return kExitOk;
}

}  // namespace tocsin::app
