#include "task/recorder.h"

#include <algorithm>

#include "base/digest.h"
#include "task/subject.h"

namespace tocsin::task {
namespace {

OwnedValue own(const Value& v) {
    OwnedValue out{v, {}};
    if (v.type == Value::Type::kString) {
        out.text = v.string;
        out.value.string = {};
    }
    return out;
}

}  // namespace

const std::string& Recorder::pseudonym(char prefix, std::string_view plain) const {
    std::string key(1, prefix);
    key.append(plain);
    if (const auto it = pseudonyms_.find(key); it != pseudonyms_.end()) return it->second;
    if (pseudonyms_.size() >= kPseudonymsMax) pseudonyms_.clear();
    return pseudonyms_.emplace(std::move(key), setting_.pseudonyms(prefix, plain)).first->second;
}

std::vector<Transition::SubjectField> Recorder::subject(const Rule& rule, std::string_view key) const {
    std::vector<Transition::SubjectField> fields;
    const std::vector<std::string> values = subject_values(key);
    for (std::size_t i = 0; i < rule.by.size() && i < values.size(); ++i) {
        const FieldId field = rule.by[i];
        std::string shown = values[i];
        if (field == kFieldCustomer) shown = pseudonym('c', values[i]);
        if (field == kFieldSubscriber) shown = pseudonym('s', values[i]);
        fields.push_back({setting_.schema.field_name(field), std::move(shown), values[i]});
    }
    return fields;
}

void Recorder::open(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step, const Moment& moment) {
    episodes::Episode& e = state.episode;
    std::vector<std::string> shown;
    for (auto& field : subject(rule, state.subject)) shown.push_back(std::move(field.shown));
    const std::uint64_t earlier = state.count_opening(hash64(moment.opening));
    e.id = episode_id(rule.name, shown, moment.opening, earlier);
    e.opened_at = step.at;
    e.trigger = moment.trigger;
    e.area = moment.area;
    e.transitions = 0;
    e.updated_minute = INT64_MIN;
}

Transition Recorder::make(const Rule& rule, const episodes::SubjectState& state, const episodes::Step& step,
                          const Moment& moment) const {
    const episodes::Episode& e = state.episode;
    Transition t;
    t.at = step.at;
    t.rule = rule.name;
    t.rule_order = rule.order;
    t.is_case = rule.raises_case;
    t.experimental = rule.experimental;
    t.withheld = rule.limit > 0 && e.withheld;
    t.swept = sweeping_ && !rule.limits;  // that there are too many is told at once
    t.episode_id = e.id;
    t.number = e.transitions;
    t.subject = subject(rule, state.subject);
    t.area = e.area;
    t.kind = step.kind;
    t.reason = step.reason;
    t.level = step.level;
    t.previous_level = step.previous;
    for (std::size_t i = 0; i < rule.measures.size() && i < moment.measures.size(); ++i) {
        if (!rule.measures[i].name.empty()) t.measures.emplace_back(rule.measures[i].name, own(moment.measures[i]));
    }
    if (moment.overdue) t.measures.emplace_back("overdue", own(Value::of_duration(*moment.overdue)));
    t.trigger = e.trigger;
    t.events = moment.evidence;
    t.rules_hash = rules_->hash;
    t.opened_at = e.opened_at;
    t.labels.assign(rule.labels.begin(), rule.labels.end());
    render(rule, moment, t);
    return t;
}

void Recorder::render(const Rule& rule, const Moment& moment, Transition& t) const {
    TemplateContext context{moment.measures, moment.overdue, rule.labels, moment.last, {}};
    context.labels["alertname"] = rule.name;
    context.labels["level"] = level_name(t.kind == TransitionKind::kClosed ? t.previous_level : t.level);
    if (!t.area.empty()) context.labels["area"] = t.area;
    for (const auto& field : t.subject) context.labels[field.name] = field.shown;
    const bool prints_last = std::any_of(rule.annotations.begin(), rule.annotations.end(),
                                         [](const auto& annotation) { return annotation.second.looks_at_last(); });
    if (const Event* last = moment.last; last != nullptr && prints_last) {
        // A field may repeat the number: as a contact, inside an address, behind a country's code.
        context.hidden.emplace_back(last->customer, pseudonym('c', last->customer));
        context.hidden.emplace_back(last->subscriber, pseudonym('s', last->subscriber));
    }
    for (const auto& [name, text] : rule.annotations) t.annotations.emplace_back(name, text.render(context));
}

void Recorder::record(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step,
                      const Moment& moment) {
    if (step.kind == TransitionKind::kOpened) open(rule, state, step, moment);
    ++state.episode.transitions;
    LimitJudge* limit = limit_of(rule);
    if (limit == nullptr) return made_.push_back(make(rule, state, step, moment));
    episodes::Episode& e = state.episode;
    const bool opens = step.kind == TransitionKind::kOpened;
    const Counted before{opens ? Level::kNone : step.previous, !opens && e.withheld};
    if (opens || (step.kind == TransitionKind::kRaised && e.withheld)) e.withheld = !limit->admits(rule, step.level);
    made_.push_back(make(rule, state, step, moment));
    limit->count(rule, before, {step.level, e.withheld}, step.at, e.trigger);
}

LimitJudge* Recorder::limit_of(const Rule& rule) const {
    if (rule.limit == 0 || limits_.empty()) return nullptr;
    return limits_[owner_of(rule, {}, static_cast<std::uint32_t>(limits_.size()))];
}

void Recorder::count_open(const Rule& rule, const episodes::SubjectState& state) const {
    LimitJudge* limit = limit_of(rule);
    const episodes::Episode& e = state.episode;
    if (limit != nullptr && e.open()) limit->count(rule, {}, {e.level, e.withheld}, e.opened_at, e.trigger);
}

Transition Recorder::describe(const Rule& rule, const episodes::SubjectState& state, const Moment& moment) const {
    const Level level = state.episode.level;
    return make(rule, state, {TransitionKind::kUpdated, CloseReason::kNone, state.episode.opened_at, level, level},
                moment);
}

}  // namespace tocsin::task
