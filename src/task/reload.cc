/// Taking new rules, and reading everything a task remembers: the parts of Task that walk over all profiles.

#include <algorithm>

#include "ledger/codec.h"
#include "task/subject.h"
#include "task/task.h"

namespace tocsin::task {
namespace {

// Most customers have no state of a rule: that is seen without unpacking (docs/storage_format.md: format, states, …).
bool has_states(std::string_view profile) {
    ledger::Reader in(profile);
    in.byte();
    return !in.string().empty();
}

// Nothing is judged before an instant that was judged already.
Instant not_before(const ledger::Profile& profile, Instant from) {
    return profile.rows().empty() ? from : std::max(from, profile.rows().back().event.time);
}

std::vector<std::string> by_of(const Rule& rule, const EventSchema& schema) {
    std::vector<std::string> names;
    for (const FieldId field : rule.by) names.push_back(schema.field_name(field));
    return names;
}

}  // namespace

// Those that are no more. One that tells others apart now can say nothing of the subjects it had: it is another rule.
std::map<std::string, Rule> Task::rules_gone() const {
    std::map<std::string, Rule> gone;
    for (const auto& [name, known] : known_rules_) {
        const Rule* now = rules_->find(name);
        if (now != nullptr && by_of(*now, setting_.schema) == known.by) continue;
        Rule rule;  // all that closing an episode needs
        rule.name = name;
        rule.limit = now != nullptr ? now->limit : 0;
        rule.raises_case = known.raises_case;
        for (const std::string& field : known.by) {
            if (const auto id = setting_.schema.field(field)) rule.by.push_back(*id);
        }
        gone.emplace(name, std::move(rule));
    }
    return gone;
}

void Task::adopt(std::shared_ptr<const RuleSet> rules) {
    kept_from_ = kept_from();
    rules_ = std::move(rules);
    if (!stored_phases_.empty()) setting_.phases->load(index_, std::exchange(stored_phases_, {}));
    questions_.use(*rules_);
    recorder_.use(rules_);
    persons_.use(*rules_);
    feed_.use(*rules_);
    areas_.use(*rules_);
    told_.begin_again(*rules_);
    rollups_.begin_again(clock_);
    if (const auto gone = rules_gone(); !gone.empty()) close_missing_rules(gone);

    changed_.clear();
    warming_.clear();
    std::map<std::string, KnownRule> known;
    for (const Rule& rule : rules_->rules) {
        const auto before = known_rules_.find(rule.name);
        const bool same = before != known_rules_.end() && before->second.definition_hash == rule.definition_hash;
        if (!same || before->second.warming) changed_.push_back(&rule);
        KnownRule& entry = known[rule.name];
        entry.definition_hash = rule.definition_hash;
        entry.raises_case = rule.raises_case;
        entry.by = by_of(rule, setting_.schema);
    }
    known_rules_ = std::move(known);
    begin_sweep();
    phases_from_ = clock_;
    judge_phases();
}

void Task::close_missing_rules(const std::map<std::string, Rule>& gone) {
    areas_.drop(gone, clock_);
    rollups_.drop(gone, clock_);
    limits_.drop(gone, clock_);
    const auto is_gone = [&](const episodes::SubjectState& s) { return gone.contains(s.rule); };
    working_.pack();
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot) || !has_states(table_.bytes(slot))) continue;
        WorkingSet::Entry& at = take(slot);
        if (std::none_of(at.states.begin(), at.states.end(), is_gone)) continue;
        for (episodes::SubjectState& s : at.states) {
            if (!is_gone(s) || !s.episode.open()) continue;
            const auto step = episodes::close(s.episode, CloseReason::kRuleRemoved, not_before(at.profile, clock_));
            recorder_.record(gone.at(s.rule), s, step, {});
        }
        std::erase_if(at.states, is_gone);
        settle(slot, at);
    }
}

void Task::judge_phases() {
    const Instant from = std::max(clock_, std::exchange(phases_from_, kNever));
    const auto phased = [](const Rule& rule) {
        return rule.plan != nullptr && (!rule.expect || !rule.overrides.empty());
    };
    if (std::none_of(rules_->rules.begin(), rules_->rules.end(), phased)) return;
    areas_.look_at_phases(from);
    working_.pack();
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot) || !has_states(table_.bytes(slot))) continue;
        WorkingSet::Entry& at = take(slot);
        const Instant now = not_before(at.profile, from);
        for (episodes::SubjectState& s : at.states) {
            if (const Rule* rule = rules_->find(s.rule)) s.due = std::min(s.due, looked_at(*rule, s, now));
        }
        settle(slot, at);
    }
}

bool Task::has_changed(const Rule& rule) const {
    return std::find(changed_.begin(), changed_.end(), &rule) != changed_.end();
}

void Task::tell_promises() {
    told_.tell_all({});
    if (!told_.needed()) return;
    working_.pack();
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot) || !has_states(table_.bytes(slot))) continue;
        told_.tell_all(working_.get(slot).states);
    }
}

void Task::review_areas() {
    rollups_.all_told();
    recorder_.sweeping(true);
    std::vector<const Rule*> later;
    for (const Rule* rule : changed_) {
        if (rule->order < warming_.size() && warming_[rule->order])
            later.push_back(rule);
        else if (rule->rolls_up)
            rollups_.review(*rule);
        else if (!rule->person && !rule->limits)
            areas_.review(*rule, clock_);
    }
    recorder_.sweeping(false);
    changed_ = std::move(later);
    limits_.all_counted(clock_);
}

void Task::count_open(const RuleSet& rules) {
    const auto limited = [](const Rule& rule) { return rule.limit > 0; };
    if (std::none_of(rules.rules.begin(), rules.rules.end(), limited)) return;
    for_each_open([&](const OpenEpisode& open) {
        if (const Rule* rule = rules.find(open.state.rule)) recorder_.count_open(*rule, open.state);
    });
}

std::vector<Transition> Task::open_warnings() {
    std::vector<Transition> open = areas_.describe_open();
    for (Transition& t : rollups_.describe_open()) open.push_back(std::move(t));
    for (Transition& t : limits_.describe_open()) open.push_back(std::move(t));
    return open;
}

void Task::for_each_open(const std::function<void(const OpenEpisode&)>& visit) {
    areas_.for_each_open([&](const episodes::SubjectState& state) { visit({state, {}}); });
    rollups_.for_each_open([&](const episodes::SubjectState& state) { visit({state, {}}); });
    limits_.for_each_open([&](const episodes::SubjectState& state) { visit({state, {}}); });
    working_.pack();
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot) || !has_states(table_.bytes(slot))) continue;
        for (const episodes::SubjectState& s : working_.get(slot).states) {
            if (s.episode.open()) visit({s, table_.key(slot).substr(1)});
        }
    }
}

void Task::for_each_profile(const std::function<void(std::string_view, const ledger::Profile&, const States&)>& visit) {
    working_.pack();
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot)) continue;
        const WorkingSet::Entry& at = working_.get(slot);
        visit(table_.key(slot), at.profile, at.states);
    }
}

bool Task::visit_profile(std::string_view customer,
                         const std::function<void(const ledger::Profile&, const States&)>& visit) {
    working_.pack();
    const ledger::Slot slot = table_.find("c" + std::string(customer));
    if (slot == ledger::kNoSlot) return false;
    const WorkingSet::Entry& at = working_.get(slot);
    visit(at.profile, at.states);
    return true;
}

std::string Task::customer_of(std::string_view pseudonym) const {
    if (pseudonym.empty()) return {};
    for (ledger::Slot slot = 0; slot < table_.slots(); ++slot) {
        if (!table_.alive(slot) || table_.key(slot).front() != 'c') continue;
        const std::string_view customer = table_.key(slot).substr(1);
        if (setting_.pseudonyms(pseudonym.front(), customer) == pseudonym) return std::string(customer);
    }
    return {};
}

}  // namespace tocsin::task
