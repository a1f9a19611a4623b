#pragma once
/// The commands behind the command line. Each answers an exit code.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/history.h"

namespace tocsin::app {

struct ReplayArguments {
    HistoryArguments history;
    std::string order = "time";
    std::string output;  ///< empty: ndjson, or table with `against`
    bool show_subjects = false;
    bool strict = false;
    std::vector<std::string> against;  ///< rule files to compare with; empty: only the rules themselves
    std::optional<std::uint64_t> max_new_pages;
    double minutes_per_case = 15;
};
int replay(const ReplayArguments& arguments);

int check_config(const std::vector<std::string>& files);
struct CheckRulesArguments {
    std::string config_file;  ///< for the kinds of event; empty: the built-in ones
    std::vector<std::string> files;
    std::string format = "text";           ///< text, json, github, sarif
    std::vector<std::string> lint{"all"};  ///< names of checks; all; none
    bool lint_fatal = false;
    std::string changed_since;         ///< a revision of git: findings about rules that changed since; empty: all
    std::vector<std::string> tests;    ///< files and folders; empty: the folders `tests` beside the rule files
    std::vector<std::string> history;  ///< [TOPIC=]FILE: events that say how often rules would have opened
    double budget = 20;                ///< openings a week
};
int check_rules(const CheckRulesArguments& arguments);
struct CheckEventsArguments {
    std::string config_file;
    std::vector<std::string> events;  ///< [TOPIC=]FILE
    bool record = false;              ///< each file is one record's value
};
int check_events(const CheckEventsArguments& arguments);

struct TestArguments {
    std::vector<std::string> files;
    std::string run;    ///< a regular expression: only tests whose name it is found in; empty: all
    std::string junit;  ///< a file; empty: none is written
    bool update_golden = false;
};
int test_rules(const TestArguments& arguments);
int check_tests(const std::vector<std::string>& files);

struct RunArguments {
    std::string config_file;
    std::vector<std::string> listen{"127.0.0.1:9477"};
    std::string storage_path;  ///< empty: as configured
    std::string clock = "wall";
    bool enable_lifecycle = false;
};
int run_daemon(const RunArguments& arguments);

struct DemoArguments {
    std::string listen = "127.0.0.1:9477";
    std::string scenario = "campaign";
    bool once = false;
};
int demo(const DemoArguments& arguments);

struct AskArguments {
    std::string url = "http://127.0.0.1:9477";
    std::string what;  ///< list, show
    std::string id;
    std::string output = "simple";
    bool reveal = false;
};
int ask_cases(const AskArguments& arguments);
int ask_warnings(const AskArguments& arguments);
int lookup(const AskArguments& arguments);

struct DlqArguments {
    std::string config_file;
    std::string what;  ///< list, show
    std::string id;    ///< topic/partition/offset
    std::string output = "simple";
};
int dead_letters(const DlqArguments& arguments);

struct StateArguments {
    std::string storage_path;
    std::string config_file;
    std::vector<std::string> kinds;
    std::optional<unsigned> task;
    std::string clock = "wall";
};
int state_dump(const StateArguments& arguments);
int state_rebuild(const StateArguments& arguments);

struct SchemaArguments {
    std::string what;         ///< config, rules, test, event
    std::string config_file;  ///< event: for its kinds and topics; empty: the built-in kinds
    std::string topic;        ///< event: empty: a record without any mapping
};
int print_schema(const SchemaArguments& arguments);

int print_version(bool as_json);

}  // namespace tocsin::app
