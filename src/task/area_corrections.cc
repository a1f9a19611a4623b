/// What a correction does to the warnings of places: the part of AreaJudge that sees events leave cells.

#include <algorithm>
#include <set>

#include "task/area_judge.h"

namespace tocsin::task {

void AreaJudge::correct(const CellPlan& plan, Subject& subject, Instant now, Instant taken_back) {
    episodes::Episode& episode = subject.state.episode;
    if (subject.area.empty()) subject.area = place_of(*plan.rule, subject.state.subject);
    if (episode.open() && rests_on(plan, subject, taken_back) && !held_since(plan, subject, episode.opened_at, now)) {
        measure(plan, subject, now);
        record_step(plan, subject, episodes::close(episode, CloseReason::kCorrected, now), now, nullptr);
        mark(subject);
    }
    correcting_ = true;
    judge_at(plan, subject, now, nullptr);
    correcting_ = false;
}

// Whether what was taken back lay in a window of the opening: else it opened without it.
bool AreaJudge::rests_on(const CellPlan& plan, const Subject& subject, Instant taken_back) const {
    return std::any_of(plan.specs.begin(), plan.specs.end(), [&](const CellSpec& spec) {
        const std::int64_t opened = ledger::bucket_of(subject.state.episode.opened_at, spec.width);
        const std::int64_t bucket = ledger::bucket_of(taken_back, spec.width);
        return bucket <= opened && std::any_of(spec.measures.begin(), spec.measures.end(), [&](std::size_t m) {
                   return bucket >= first_bucket(plan.rule->measures[m], spec.width, opened);
               });
    });
}

// Whether any colour held at an instant of [from, to], by what the cells say now.
bool AreaJudge::held_since(const CellPlan& plan, Subject& subject, Instant from, Instant to) {
    std::set<Instant> moments{from, to};
    const auto add = [&](std::int64_t bucket, Duration width) {
        const Instant t = ledger::bucket_start(bucket, width);
        if (t > from && t < to) moments.insert(t);
    };
    measure(plan, subject, to);  // finds the cells
    for (std::size_t i = 0; i < plan.specs.size(); ++i) {
        const CellSpec& spec = plan.specs[i];
        const std::int64_t first = ledger::bucket_of(from, spec.width) - spec.reach;
        for (const ledger::Cell* cell : subject.cells[i]) {
            if (cell == nullptr) continue;
            for (const ledger::Bucket& bucket : cell->range(first, ledger::bucket_of(to, spec.width))) {
                add(bucket.index, spec.width);
                for (const std::size_t m : spec.measures)
                    add(next_bucket(plan.rule->measures[m], spec.width, bucket.index), spec.width);
            }
        }
    }
    return std::any_of(moments.begin(), moments.end(), [&](Instant t) {
        measure(plan, subject, t);
        return verdict_at(plan, subject, t).level != Level::kNone;
    });
}

}  // namespace tocsin::task
