#pragma once
/// Tells the owners of areas what the promises of this task have become: the other end of RollupJudge.

#include <map>
#include <string>
#include <vector>

#include "episodes/subject_state.h"
#include "task/rollup_judge.h"
#include "task/setting.h"

namespace tocsin::task {

/// Belongs to its task. Between begin_again() and the first tell_all() it is silent: the owners are not ready yet.
class RollupFeed {
public:
    explicit RollupFeed(const Setting& setting) : setting_(setting) {}
    /// The judges of every task, this one's included, by index; they must outlive the feed.
    void see(std::vector<RollupJudge*> owners) { owners_ = std::move(owners); }
    void begin_again(const RuleSet& rules);

    /// Whether any rule has a rollup.
    [[nodiscard]] bool needed() const { return !pairs_.empty(); }
    /// The states of the profile at hand, before and after its work: what differs is told.
    void before(const std::vector<episodes::SubjectState>& states);
    void after(const std::vector<episodes::SubjectState>& states);
    /// The states of a profile, all of them.
    void tell_all(const std::vector<episodes::SubjectState>& states);

private:
    struct Pair {
        const Rule* rule;
        const Rule* rollup;
    };
    struct Entry {
        const Rule* rollup = nullptr;
        std::string area;  ///< as the event gave it
        std::string id;
        Instant from, to;
        bool operator==(const Entry&) const = default;
    };
    std::vector<Entry> entries_of(const std::vector<episodes::SubjectState>& states) const;
    void tell(const Entry* before, const Entry* now) const;

    const Setting& setting_;
    std::vector<RollupJudge*> owners_;
    std::map<std::string, Pair, std::less<>> pairs_;  // by the name of the rule with `expect`
    std::vector<Entry> before_;
    bool silent_ = true;
};

}  // namespace tocsin::task
