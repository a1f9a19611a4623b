#pragma once
/// Judges the rules made of `rollup:` for the areas a task owns: how many promises are broken and still open there and
/// below, and how many broke lately. Each task says of every promise of its own from when to when it counts as broken,
/// as absolute instants; an open promise is told with the instant at which it will break. So the numbers at an instant
/// do not depend on how far the clock of another task has come, only on the events it has read (design I3).
///
/// What is told is not stored here: it is told again from the profiles at every start. Only episodes are stored.
/// Memory: about 100 bytes for each open promise and area above it.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "episodes/subject_state.h"
#include "rules/judge.h"
#include "task/recorder.h"
#include "tocsin/write_batch.h"

namespace tocsin::task {

/// A promise as its area counts it: broken in [from, to). `to` kNever: nothing has ended it.
struct Break {
    Instant from, to;
    std::shared_ptr<const std::string> id;  ///< of the event that stated it

    friend bool operator<(const Break& a, const Break& b) {
        if (a.from != b.from) return a.from < b.from;
        return a.to != b.to ? a.to < b.to : *a.id < *b.id;
    }
};

/// Judges by the clock alone: everything that happens at an instant is counted before the instant is judged.
class RollupJudge {
public:
    static constexpr char kKeyPrefix = 'r';

    RollupJudge(const Setting& setting, Recorder& recorder) : setting_(setting), recorder_(recorder) {}
    /// Forgets what was told: at a start and at a reload, when everything is told again. `clock` is the owner's: what
    /// happened before it has been judged, so that telling it again moves nothing.
    void begin_again(Instant clock);
    void all_told() { telling_again_ = false; }

    /// A promise in this area (code) has become what `now` says; before, it was told as `before`. Null: it was or is
    /// none.
    void tell(const Rule& rule, std::string_view area, const Break* before, const Break* now);
    void fire(Instant limit, bool inclusive);
    /// Judges every area of the rule again: its levels have changed.
    void review(const Rule& rule);
    /// Rules whose promises do not break for now (by order of the rule with `expect`).
    void hold(std::vector<bool> unverified);
    /// Closes the episodes of rules that are gone (by name).
    void drop(const std::map<std::string, Rule>& gone, Instant at);

    /// A record of each open episode as it is now: kind kUpdated, without a number of its own.
    [[nodiscard]] std::vector<Transition> describe_open();
    [[nodiscard]] Instant next_due() const { return timers_.empty() ? kNever : timers_.begin()->due; }
    template <typename Visit>
    void for_each_open(Visit&& visit) const {
        for (const auto& [key, place] : places_) {
            if (place.state.episode.open()) visit(place.state);
        }
    }

    bool load(std::string_view key, std::string_view value);
    void write(WriteBatch& batch);

private:
    struct Key {
        std::string rule, subject;
        auto operator<=>(const Key&) const = default;
    };
    struct ByEnd {
        bool operator()(const Break& a, const Break& b) const { return a.to != b.to ? a.to < b.to : a < b; }
    };
    struct Place {
        episodes::SubjectState state;
        Instant judged = kBeforeAll;  ///< everything up to it, itself included, is in the numbers
        bool dirty = false;
        bool again = false;                       ///< its past has changed, and it is to be judged again
        absl::btree_multiset<Break> breaks;       ///< those that count now, in the window, or later
        absl::btree_multiset<Break, ByEnd> ends;  ///< those of them that end after `judged`
        std::int64_t open = 0, broken = 0;
    };
    struct Timer {
        Instant due;
        Key key;
        auto operator<=>(const Timer&) const = default;
    };
    Place& place_of(const Rule& rule, const std::string& subject);
    static void count(Place& place, const Break& entry, Duration window, int by);
    static void advance(Place& place, Duration window, Instant now);
    Instant next_change(const Rule& rule, const Place& place) const;
    void judge_at(const Rule& rule, Place& place, Instant now);
    void record_step(const Rule& rule, Place& place, episodes::Step step, Instant now);
    rules::Verdict measure(const Rule& rule, const Place& place);
    std::vector<std::string> evidence(const Rule& rule, const Place& place) const;
    void set_due(Place& place, Instant due);
    void mark(Place& place);
    [[nodiscard]] const Rule* rule_of(const Place& place) const;

    const Setting& setting_;
    Recorder& recorder_;
    std::map<Key, Place> places_;
    std::set<Timer> timers_;
    std::vector<Timer> held_;  // due, of rules that are held
    std::vector<bool> unverified_;
    std::vector<Key> dirty_;
    std::vector<Value> measures_;
    Instant clock_ = kBeforeAll;
    bool telling_again_ = false;
};

}  // namespace tocsin::task
