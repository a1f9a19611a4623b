#include "task/area_judge.h"

#include <algorithm>

#include "ledger/codec.h"
#include "rules/judge.h"
#include "task/subject.h"

namespace tocsin::task {

void AreaJudge::use(const RuleSet& rules) {
    plans_.clear();
    held_.clear();
    by_order_.assign(rules.rules.size(), nullptr);
    for (const Rule& rule : rules.rules) {
        if (rule.person || rule.rolls_up || rule.limits) continue;
        Known& known = plans_[rule.name];
        known.plan = plan_cells(rule);
        by_order_[rule.order] = &known;
    }
    for (auto& [key, subject] : subjects_) {
        subject.cells.clear();
        subject.thresholds.reset();
        const auto known = plans_.find(key.rule);
        if (known != plans_.end() && !subject.gone) known->second.subjects.emplace(key.subject, &subject);
    }
}

AreaJudge::Subject& AreaJudge::subject_of(const Rule& rule, const std::string& subject) {
    auto& known = by_order_[rule.order]->subjects;
    if (const auto it = known.find(subject); it != known.end()) return *it->second;
    Subject& s = subjects_[Key{rule.name, subject}];
    s.state.rule = rule.name;
    s.state.subject = subject;
    s.gone = false;
    known.emplace(subject, &s);
    return s;
}

const Thresholds* AreaJudge::thresholds_of(const Rule& rule, Subject& subject) const {
    if (rule.thresholds == nullptr) return nullptr;
    if (!subject.thresholds) {
        subject.thresholds = rule.thresholds->find(setting_.areas, setting_.areas.resolve(subject.area));
    }
    return &*subject.thresholds;
}

std::string AreaJudge::place_of(const Rule& rule, std::string_view subject) {
    const auto values = subject_values(subject);
    for (std::size_t i = 0; i < rule.by.size() && i < values.size(); ++i) {
        if (rule.by[i] == kFieldArea) return values[i];
    }
    return {};
}

void AreaJudge::mark(Subject& subject) {
    if (subject.dirty) return;
    subject.dirty = true;
    dirty_.push_back(&subject);
}

void AreaJudge::set_due(Subject& subject, Instant due) {
    episodes::SubjectState& state = subject.state;
    if (state.due == due) return;
    if (state.due != kNever) timers_.erase({state.due, &subject});
    state.due = due;
    if (due != kNever) timers_.insert({due, &subject});
    mark(subject);
}

void AreaJudge::measure(const CellPlan& plan, Subject& subject, Instant now) {
    measures_.assign(plan.rule->measures.size(), Value::missing());
    subject.cells.resize(plan.specs.size());
    for (std::size_t i = 0; i < plan.specs.size(); ++i) {
        const CellSpec& spec = plan.specs[i];
        auto& cells = subject.cells[i];
        cells.resize(sources_.size(), nullptr);
        key_.clear();
        for (std::size_t s = 0; s < sources_.size(); ++s) {
            if (cells[s] != nullptr) continue;
            if (key_.empty()) put_cell_key(spec, subject.state.subject, key_);
            cells[s] = sources_[s]->find(key_);
        }
        const std::int64_t bucket = ledger::bucket_of(now, spec.width);
        for (const std::size_t m : spec.measures) measures_[m] = total(plan, spec, m, cells, bucket);
    }
}

std::vector<std::string> AreaJudge::evidence(const CellPlan& plan, const Subject& subject, Instant now) const {
    const CellSpec& spec = plan.specs.front();
    const std::int64_t to = ledger::bucket_of(now, spec.width);
    std::int64_t from = to;
    for (const std::size_t m : spec.measures)
        from = std::min(from, first_bucket(plan.rule->measures[m], spec.width, to));
    std::vector<const ledger::Bucket::Evidence*> found;
    for (const ledger::Cell* cell : subject.cells.front()) {
        if (cell == nullptr) continue;
        const auto buckets = cell->range(from, to);
        std::size_t taken = 0;  // no source can give more than the whole answer
        for (auto b = buckets.rbegin(); b != buckets.rend() && taken < Recorder::kEvidenceMax; ++b) {
            for (auto e = b->evidence.rbegin(); e != b->evidence.rend(); ++e, ++taken) found.push_back(&*e);
        }
    }
    std::sort(found.begin(), found.end(),
              [](const auto* a, const auto* b) { return a->time != b->time ? a->time > b->time : a->id > b->id; });
    if (found.size() > Recorder::kEvidenceMax) found.resize(Recorder::kEvidenceMax);
    std::vector<std::string> ids;
    for (const auto* e : found) ids.push_back(e->id);
    return ids;
}

Instant AreaJudge::next_change(const CellPlan& plan, const Subject& subject, Instant now) const {
    Instant next = kNever;
    for (std::size_t i = 0; i < plan.specs.size() && i < subject.cells.size(); ++i) {
        const CellSpec& spec = plan.specs[i];
        const std::int64_t to = ledger::bucket_of(now, spec.width);
        for (const ledger::Cell* cell : subject.cells[i]) {
            if (cell == nullptr) continue;
            for (const std::size_t m : spec.measures) {
                const Measure& measure = plan.rule->measures[m];
                const auto inside = cell->range(first_bucket(measure, spec.width, to), to);
                if (inside.empty()) continue;
                const std::int64_t leaves = next_bucket(measure, spec.width, inside.front().index);
                next = std::min(next, ledger::bucket_start(leaves, spec.width));
            }
            if (ahead_until_ <= now) continue;
            const auto later = cell->range(to + 1, INT64_MAX - 1);
            if (!later.empty()) next = std::min(next, ledger::bucket_start(later.front().index, spec.width));
        }
    }
    return next;
}

rules::Verdict AreaJudge::verdict_at(const CellPlan& plan, Subject& subject, Instant now) {
    const Rule& rule = *plan.rule;
    recorder_.evaluated(rule);
    EvalContext context;
    context.measures = measures_;
    context.thresholds = thresholds_of(rule, subject);
    return rule.plan == nullptr ? rules::verdict(rule, context)
                                : rules::verdict(rule, context, phases_.at(*rule.plan, {subject.area}, now));
}

void AreaJudge::judge_at(const CellPlan& plan, Subject& subject, Instant now, const std::string* trigger) {
    const Rule& rule = *plan.rule;
    episodes::SubjectState& state = subject.state;
    subject.judged = now;
    mark(subject);
    if (subject.area.empty()) subject.area = place_of(rule, state.subject);
    frontier_ = std::max(frontier_, now);
    measure(plan, subject, now);
    if (rule.interval > Duration::zero() && (trigger != nullptr || rule.on_beat(now) != now)) {
        const Instant beat = rule.on_beat(now);
        if (trigger != nullptr) record_update(plan, subject, now);
        return set_due(subject, state.due > now ? std::min(state.due, beat) : beat);
    }
    const rules::Verdict verdict = verdict_at(plan, subject, now);
    episodes::Holding holds{verdict.level, verdict.stays};
    if (trigger == nullptr && !reviewing_ && !correcting_) holds = without_storm(rule, state, holds);
    const episodes::Holding holding = ripe(plan, subject, holds, now, trigger);
    bool stepped = false;
    while (auto step = episodes::move(rule, state.episode, holding, now)) {
        stepped = true;
        record_step(plan, subject, *step, now, trigger);
        if (step->kind == TransitionKind::kClosed) break;
    }
    if (!stepped && trigger != nullptr) record_update(plan, subject, now);
    Instant due = std::min(episodes::lowering_due(rule, state.episode), episodes::rising_due(rule, state.rising));
    if (state.episode.open() || !state.rising.empty() || rule.rises_without_event || ahead_until_ > now) {
        due = std::min(due, next_change(plan, subject, now));
    }
    if (rule.plan != nullptr && (state.episode.open() || !state.rising.empty()))
        due = std::min(due, phases_.next(*rule.plan, {subject.area}, now));
    set_due(subject, rule.on_beat(due));
}

void AreaJudge::look_at_phases(Instant from) {
    for (auto& [key, subject] : subjects_) {
        const auto known = plans_.find(key.rule);
        if (known == plans_.end() || known->second.plan.rule->plan == nullptr) continue;
        if (subject.state.episode.open()) set_due(subject, std::min(subject.state.due, std::max(from, subject.judged)));
    }
}

void AreaJudge::record_update(const CellPlan& plan, Subject& subject, Instant now) {
    episodes::Episode& episode = subject.state.episode;
    if (!episode.open() || !episodes::note_update(episode, now)) return;
    Moment moment;
    moment.measures = measures_;
    moment.evidence = evidence(plan, subject, now);
    recorder_.record(*plan.rule, subject.state,
                     {TransitionKind::kUpdated, CloseReason::kNone, now, episode.level, episode.level}, moment);
}

episodes::Holding AreaJudge::ripe(const CellPlan& plan, Subject& subject, const episodes::Holding& holding, Instant now,
                                  const std::string* trigger) const {
    const auto begins = [&](Level level) {
        episodes::Rising rising{level, now, {}, subject.area};
        const std::vector<std::string> found =
            trigger == nullptr ? evidence(plan, subject, now) : std::vector{*trigger};
        if (!found.empty()) rising.trigger = found.front();
        return rising;
    };
    const auto by = trigger != nullptr || correcting_ ? episodes::JudgedBy::kEvent : episodes::JudgedBy::kClock;
    return episodes::ripe(*plan.rule, subject.state.episode, holding, {subject.state.rising, now, by, begins});
}

void AreaJudge::record_step(const CellPlan& plan, Subject& subject, episodes::Step step, Instant now,
                            const std::string* trigger) {
    const auto risen = episodes::take_risen(subject.state.rising, step);
    const Duration width = plan.specs.front().width;
    const Instant begun = risen ? risen->since : now;
    const std::string opening = std::to_string(to_millis(ledger::bucket_start(ledger::bucket_of(begun, width), width)));
    Moment moment;
    moment.measures = measures_;
    moment.evidence = evidence(plan, subject, now);
    moment.opening = opening;
    moment.area = subject.area;
    if (risen) {
        episodes::date(*plan.rule, subject.state.episode, step, episodes::rises_at(*plan.rule, *risen));
        moment.trigger = risen->trigger;
    } else if (trigger != nullptr) {
        moment.trigger = *trigger;
    } else if (!moment.evidence.empty()) {
        moment.trigger = moment.evidence.front();
    }
    recorder_.record(*plan.rule, subject.state, step, moment);
}

void AreaJudge::fire_one(Subject& subject, Instant now) {
    const auto plan = plans_.find(subject.state.rule);
    // A rule that is held is judged everywhere when it no longer is.
    if (plan == plans_.end() || held(*plan->second.plan.rule)) {
        set_due(subject, kNever);
        return;
    }
    judge_at(plan->second.plan, subject, now, nullptr);
}

void AreaJudge::judge(const Touch& touch, Instant clock) {
    Subject& subject = subject_of(*touch.rule, touch.subject);
    if (held(*touch.rule)) return;
    while (subject.state.due < touch.time) fire_one(subject, subject.state.due);
    const CellPlan& plan = by_order_[touch.rule->order]->plan;
    const Instant now = std::max({touch.time, clock, subject.judged});
    if (touch.taken_back) return correct(plan, subject, now, *touch.taken_back);
    judge_at(plan, subject, now, &touch.id);
}

void AreaJudge::fire(Instant limit, bool inclusive) {
    while (!timers_.empty()) {
        const Timer first = *timers_.begin();
        if (first.due > limit || (first.due == limit && !inclusive)) return;
        fire_one(*first.subject, first.due);
    }
}

void AreaJudge::review(const Rule& rule, Instant clock) {
    const auto plan = plans_.find(rule.name);
    if (plan == plans_.end()) return;
    reviewing_ = true;
    for (auto& [key, subject] : subjects_) {
        if (key.rule != rule.name || subject.gone) continue;
        subject.state.rising.clear();  // it waited under other conditions
        judge_at(plan->second.plan, subject, std::max(clock, subject.judged), nullptr);
    }
    reviewing_ = false;
}

void AreaJudge::know(const Rule& rule, const std::string& subject, Instant newest) {
    Subject& s = subject_of(rule, subject);
    s.judged = std::max(s.judged, newest);
}

void AreaJudge::forget_idle() {
    for (auto& [key, s] : subjects_) {
        if (!s.state.episode.open() && s.state.rising.empty()) s.judged = kBeforeAll;
    }
}

void AreaJudge::look_ahead(const Rule& rule, const std::string& subject, std::int64_t bucket, Duration width) {
    const Instant start = ledger::bucket_start(bucket, width);
    ahead_until_ = std::max(ahead_until_, start + width);
    Subject& s = subject_of(rule, subject);
    set_due(s, std::min(s.state.due, std::max(start, frontier_)));
}

void AreaJudge::drop(const std::map<std::string, Rule>& gone, Instant at) {
    for (auto& [key, s] : subjects_) {
        const auto rule = gone.find(key.rule);
        if (rule == gone.end()) continue;
        if (s.state.episode.open()) {
            const auto step = episodes::close(s.state.episode, CloseReason::kRuleRemoved, std::max(at, s.judged));
            recorder_.record(rule->second, s.state, step, {});
        }
        set_due(s, kNever);
        s.state.openings.clear();
        s.state.rising.clear();
        s.area.clear();
        s.judged = kBeforeAll;
        s.gone = true;
        if (const auto known = plans_.find(key.rule); known != plans_.end()) known->second.subjects.erase(key.subject);
        mark(s);
    }
}

std::vector<Transition> AreaJudge::describe_open() {
    std::vector<Transition> open;
    for (auto& [key, subject] : subjects_) {
        const auto plan = plans_.find(key.rule);
        if (!subject.state.episode.open() || plan == plans_.end()) continue;
        if (subject.area.empty()) subject.area = place_of(*plan->second.plan.rule, key.subject);
        measure(plan->second.plan, subject, subject.judged);
        Moment moment;
        moment.measures = measures_;
        open.push_back(recorder_.describe(*plan->second.plan.rule, subject.state, moment));
    }
    return open;
}

bool AreaJudge::load(std::string_view key, std::string_view value) {
    if (key.empty() || key[0] != kKeyPrefix) return false;
    episodes::SubjectState state;
    ledger::Reader in(value);
    if (!episodes::get_state(in, state)) return false;
    const Instant judged = in.instant();
    if (!in.ok() || !in.done()) return false;
    Subject& s = subjects_[{state.rule, state.subject}];
    s.state = std::move(state);
    s.judged = judged;
    s.stored = true;
    if (s.state.due != kNever) timers_.insert({s.state.due, &s});
    s.ahead = s.state.idle();
    if (s.ahead) ahead_.push_back(&s);
    return true;
}

void AreaJudge::write(WriteBatch& batch, Instant clock) {
    for (Subject* s : std::exchange(ahead_, {})) {
        s->ahead = s->judged > clock && s->state.idle();
        if (s->ahead)
            ahead_.push_back(s);
        else
            mark(*s);
    }
    for (Subject* s : std::exchange(dirty_, {})) write_one(batch, *s, clock);
}

void AreaJudge::write_one(WriteBatch& batch, Subject& s, Instant clock) {
    s.dirty = false;
    std::string key(1, kKeyPrefix);
    ledger::put_string(key, s.state.rule);
    key.append(s.state.subject);
    // A place must not be judged before an instant at which it was judged; up to the clock it never is.
    const bool ahead = s.judged > clock;
    if (s.state.idle() && !ahead) {
        if (std::exchange(s.stored, false)) batch.del(key);
        return;
    }
    if (s.state.idle() && !std::exchange(s.ahead, true)) ahead_.push_back(&s);
    std::string value;
    episodes::put_state(value, s.state);
    ledger::put_instant(value, s.judged);
    batch.put(key, value);
    s.stored = true;
}

}  // namespace tocsin::task
