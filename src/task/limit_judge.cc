#include "task/limit_judge.h"

#include <algorithm>

#include "ledger/cells.h"
#include "ledger/codec.h"
#include "task/recorder.h"

namespace tocsin::task {

void LimitJudge::begin_again(const RuleSet& rules) {
    counting_again_ = true;
    by_limited_.clear();
    for (auto& [name, over] : overflows_) {
        over.rule = nullptr;
        over.told.fill(0);
        over.withheld.fill(0);
    }
    for (const Rule& rule : rules.rules) {
        if (!rule.limits) continue;
        by_limited_[rules.rules[*rule.limits].name] = &rule;
        Overflow& over = overflows_[rule.name];
        over.rule = &rule;
        over.state.rule = rule.name;
    }
}

LimitJudge::Overflow* LimitJudge::of(const Rule& rule) {
    const auto made = by_limited_.find(rule.name);
    return made == by_limited_.end() ? nullptr : &overflows_.at(made->second->name);
}

bool LimitJudge::admits(const Rule& rule, Level level) const {
    const auto made = by_limited_.find(rule.name);
    if (made == by_limited_.end()) return true;
    const auto& told = overflows_.at(made->second->name).told;
    std::int64_t as_severe = 0;
    for (auto l = static_cast<std::size_t>(level); l < told.size(); ++l) as_severe += told[l];
    return as_severe < rule.limit;
}

void LimitJudge::count(const Rule& rule, Counted before, Counted now, Instant at, const std::string& trigger) {
    Overflow* over = of(rule);
    if (over == nullptr) return;
    const auto add = [&](Counted episode, int by) {
        if (episode.level == Level::kNone) return;
        (episode.withheld ? over->withheld : over->told)[static_cast<std::size_t>(episode.level)] += by;
    };
    add(before, -1);
    add(now, +1);
    if (!counting_again_) judge(*over, at, trigger);
}

void LimitJudge::all_counted(Instant clock) {
    counting_again_ = false;
    for (auto& [name, over] : overflows_) {
        if (over.rule != nullptr) judge(over, clock, {});
    }
}

void LimitJudge::measure(const Overflow& over) {
    std::int64_t open = 0, withheld = 0;
    for (std::size_t l = 0; l < over.told.size(); ++l) {
        open += over.told[l] + over.withheld[l];
        withheld += over.withheld[l];
    }
    measures_ = {Value::of_int(open), Value::of_int(withheld)};
}

void LimitJudge::judge(Overflow& over, Instant now, const std::string& trigger) {
    now = std::max(now, over.judged);
    episodes::Holding holding;
    for (std::size_t l = 1; l < over.withheld.size(); ++l) {
        if (over.withheld[l] > 0) holding.level = static_cast<Level>(l);
    }
    for (std::size_t l = 1; l <= static_cast<std::size_t>(holding.level); ++l) holding.stays[l] = true;
    measure(over);
    constexpr Duration kBucket = std::chrono::minutes(1);
    const std::string opening =
        std::to_string(to_millis(ledger::bucket_start(ledger::bucket_of(now, kBucket), kBucket)));
    while (const auto step = episodes::move(*over.rule, over.state.episode, holding, now)) {
        Moment moment;
        moment.measures = measures_;
        moment.opening = opening;
        moment.trigger = trigger;
        if (!trigger.empty()) moment.evidence = {trigger};
        recorder_.record(*over.rule, over.state, *step, moment);
        over.judged = now;
        over.dirty = true;
        if (step->kind == TransitionKind::kClosed) break;
    }
}

void LimitJudge::drop(const std::map<std::string, Rule>& gone, Instant at) {
    for (auto& [name, over] : overflows_) {
        const auto rule = gone.find(name);
        if (rule == gone.end()) continue;
        if (over.state.episode.open()) {
            const auto step = episodes::close(over.state.episode, CloseReason::kRuleRemoved, std::max(at, over.judged));
            recorder_.record(rule->second, over.state, step, {});
        }
        over.state.openings.clear();
        over.dirty = true;
    }
}

std::vector<Transition> LimitJudge::describe_open() {
    std::vector<Transition> open;
    for (const auto& [name, over] : overflows_) {
        if (!over.state.episode.open() || over.rule == nullptr) continue;
        measure(over);
        Moment moment;
        moment.measures = measures_;
        open.push_back(recorder_.describe(*over.rule, over.state, moment));
    }
    return open;
}

bool LimitJudge::load(std::string_view key, std::string_view value) {
    episodes::SubjectState state;
    ledger::Reader in(value);
    if (!episodes::get_state(in, state)) return false;
    const Instant judged = in.instant();
    if (!in.ok() || !in.done() || key.substr(1) != state.rule) return false;
    Overflow& over = overflows_[state.rule];
    over.state = std::move(state);
    over.judged = judged;
    return true;
}

void LimitJudge::write(WriteBatch& batch) {
    for (auto& [name, over] : overflows_) {
        if (!std::exchange(over.dirty, false)) continue;
        const std::string key = kKeyPrefix + name;
        if (over.state.idle()) {
            batch.del(key);
            continue;
        }
        std::string value;
        episodes::put_state(value, over.state);
        ledger::put_instant(value, over.judged);
        batch.put(key, value);
    }
}

}  // namespace tocsin::task
