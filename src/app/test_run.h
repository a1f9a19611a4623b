#pragma once
/// Runs tests of rules on the core that replay and the daemon have.

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "app/test_file.h"

namespace tocsin::app {

enum class Golden { kCompare, kUpdate };

/// Which levels of which rules any test reached.
class Coverage {
public:
    void add(const RuleSet& rules);
    void reached(const Transition& transition, const RuleSet& rules);
    /// `rule X level red: never reached by a test`, in the order of files and rules.
    [[nodiscard]] std::vector<std::string> missing() const;
    [[nodiscard]] std::size_t levels() const;

private:
    using Place = std::tuple<std::string, int, std::string>;  // file, line, rule: a rollup has the line of its rule
    static Place place_of(const Rule& rule) { return {rule.file, rule.line, rule.name}; }
    std::map<Place, std::map<Level, bool>> rules_;
};

struct TestOutcome {
    std::string name;
    int line = 0;
    std::vector<std::string> failures;  ///< each for people, ending in a line break; none: passed
    double seconds = 0;
};

TestOutcome run_test(const TestFile& file, const RuleTest& test, Golden golden, Coverage& coverage);

}  // namespace tocsin::app
