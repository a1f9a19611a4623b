#pragma once
/// `limit:` of a rule: how many of its open episodes receivers are told of. Beyond it an episode is only told of if it
/// is more severe than those that were told; all others are withheld, and while any of them is open one warning says
/// so.
///
/// The owner of a rule (hash of its name) knows how many episodes of it all tasks have open, by colour. The numbers are
/// not stored: they are counted again at every start. Whether an episode is withheld is stored with the episode.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "episodes/subject_state.h"
#include "task/setting.h"
#include "tocsin/transition.h"
#include "tocsin/write_batch.h"

namespace tocsin::task {

class Recorder;

/// What counts of an open episode.
struct Counted {
    Level level = Level::kNone;  ///< kNone: not open
    bool withheld = false;
};

class LimitJudge {
public:
    static constexpr char kKeyPrefix = 'l';

    explicit LimitJudge(Recorder& recorder) : recorder_(recorder) {}
    /// Forgets the numbers: at a start and at a reload, when everything is counted again.
    void begin_again(const RuleSet& rules);
    /// Everything has been counted: judges all rules at the owner's clock.
    void all_counted(Instant clock);

    /// Whether one more episode of the rule may be told of when it takes this colour.
    [[nodiscard]] bool admits(const Rule& rule, Level level) const;
    /// An episode of the rule has become `now`, by a step at `at`; `trigger`: the event that opened it.
    void count(const Rule& rule, Counted before, Counted now, Instant at, const std::string& trigger);
    /// Closes the episodes of rules that are gone (by name).
    void drop(const std::map<std::string, Rule>& gone, Instant at);

    /// A record of each open episode as it is now: kind kUpdated, without a number of its own.
    [[nodiscard]] std::vector<Transition> describe_open();
    template <typename Visit>
    void for_each_open(Visit&& visit) const {
        for (const auto& [name, over] : overflows_) {
            if (over.state.episode.open()) visit(over.state);
        }
    }

    bool load(std::string_view key, std::string_view value);
    void write(WriteBatch& batch);

private:
    struct Overflow {
        const Rule* rule = nullptr;  ///< the one made of `limit`; null: gone
        episodes::SubjectState state;
        std::array<std::int64_t, kLevels> told{}, withheld{};  ///< by colour
        Instant judged = kBeforeAll;                           ///< when its episode moved last
        bool dirty = false;
    };
    Overflow* of(const Rule& rule);
    void measure(const Overflow& over);
    void judge(Overflow& over, Instant now, const std::string& trigger);

    Recorder& recorder_;
    std::map<std::string, Overflow, std::less<>> overflows_;      // by the name of the rule made of `limit`
    std::map<std::string, const Rule*, std::less<>> by_limited_;  // by the name of the rule it stands in
    std::vector<Value> measures_;
    bool counting_again_ = true;
};

}  // namespace tocsin::task
