#pragma once
/// Tests of rules as data (docs/testing_rules.md): a timeline of events, and what the rules must have said when. The
/// shape of the files is promtool's, with events instead of series.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "tocsin/transition.h"
#include "yaml/keys.h"

namespace tocsin::app {

constexpr std::size_t kTestsMax = 1000;          ///< of one file
constexpr std::size_t kTestEventsMax = 100'000;  ///< of one test, those of `events`
constexpr std::size_t kTestExpectedMax = 1000;   ///< alerts or transitions of one check

/// What a test asks of an alert or a transition: what it does not name may be anything.
struct Wanted {
    using Texts = std::map<std::string, std::string>;
    Texts labels, annotations, measures;
    int line = 0;
};

/// The alerts of one rule at one instant.
struct AlertCheck {
    std::string rule;
    Instant at;
    std::vector<Wanted> alerts;
    int line = 0;
};

struct WantedTransition {
    Instant at;
    TransitionKind kind = TransitionKind::kOpened;
    std::optional<CloseReason> reason;
    Wanted wanted;
};

/// All transitions of one rule but `updated`.
struct TransitionCheck {
    std::string rule;
    std::vector<WantedTransition> transitions;
    int line = 0;
};

struct RuleTest {
    std::string name;
    int line = 0;
    Instant start;                   ///< what times in the test are relative to
    std::optional<Instant> until;    ///< timers run up to it
    std::vector<std::string> lines;  ///< `events`, as records
    std::vector<std::string> files;  ///< `events_from`: [TOPIC=]FILE, beside the test's file
    std::vector<AlertCheck> alerts;
    std::vector<TransitionCheck> transitions;
    std::string golden;  ///< a file of all transitions; empty: none
};

struct TestFile {
    std::string path;
    config::Config config;
    std::shared_ptr<const RuleSet> rules;
    std::vector<RuleTest> tests;
};

/// Reads the file and the rules it names. Every mistake goes to `diagnostics`; empty if there was any.
std::optional<TestFile> load_test_file(const std::string& path, yaml::Diagnostics& diagnostics);

/// The keys of such files. The first table is the file itself.
const std::vector<yaml::Table>& test_tables();

/// The measure as a test writes it: `3`, `0.5`, `true`, `1h30m`; empty: missing.
std::string measure_text(const OwnedValue& value);

}  // namespace tocsin::app
