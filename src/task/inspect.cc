#include <algorithm>

#include "task/persons.h"
#include "task/subject.h"

namespace tocsin::task {
namespace {

// The rows with `more` events at `at` that are like the newest one that counts. `ids` lends them their names.
std::vector<Event> with_more(const std::vector<Event>& rows, const Event& like, std::size_t more, Instant at,
                             std::vector<std::string>& ids) {
    std::vector<Event> all = rows;
    ids.clear();
    ids.reserve(more);
    for (std::size_t i = 0; i < more; ++i) {
        Event& event = all.emplace_back(like);
        event.time = at;
        event.id = ids.emplace_back(std::string("?") + std::to_string(i));
    }
    return all;
}

}  // namespace

void PersonJudge::look_ahead(const Rule& rule, Inspection& seen, Instant now) {
    const auto newest =
        std::find_if(seen.rows.rbegin(), seen.rows.rend(), [&](const Event& row) { return rules::counts(rule, row); });
    if (newest == seen.rows.rend()) return;
    std::vector<std::string> ids;
    const auto level_with = [&](std::size_t more, Instant at) {
        const std::vector<Event> rows = with_more(seen.rows, *newest, more, at, ids);
        return holding(rule, {rows, seen.person}, at).level;
    };
    for (std::size_t more = 1; more <= Inspection::kMoreMax; ++more) {
        const Level level = level_with(more, now);
        if (level <= seen.level) continue;
        Instant before = rules::next_change(rule, {seen.rows, seen.person}, now);
        while (before != kNever && level_with(more, before) >= level)
            before = rules::next_change(rule, {seen.rows, seen.person}, before);
        seen.ahead = {more, level, before};
        return;
    }
}

std::vector<Inspection> PersonJudge::inspect(const Rule& rule, const ledger::Profile& profile, const States& states,
                                             Instant now) {
    profile_ = &profile;
    std::vector<Inspection> all;
    for (const std::string& subject : subjects(rule, profile, states, nullptr)) {
        Inspection& seen = all.emplace_back();
        seen.subject = subject;
        for (const episodes::SubjectState& state : states) {
            if (state.rule == rule.name && state.subject == subject) seen.state = state;
        }
        if (rule.plan != nullptr) {
            std::string_view area;
            for (const ledger::Row& row : profile.rows()) {
                if (!row.rolled && rules::counts(rule, row.event)) area = row.event.area;
            }
            if (seen.state && seen.state->promise) area = seen.state->promise->area;
            const rules::InPhase in = phases_.at(*rule.plan, in_phases(rule, area), now);
            seen.phase = in.phase;
            seen.before = in.before;
        }
        if (rule.expect) {  // what is known of a promise is in its state
            if (rule.expect->looks_at_open) seen.open = due_of(rule, states, now, episodes::Cause::kTimer);
            continue;
        }
        const rules::Remembered remembered_now = remembered(rule, profile, subject);
        seen.rows = rows_;
        seen.person = person_;
        if (rules::in_reach(rule, seen.rows, now))
            seen.level = holding(rule, remembered_now, now).level;
        else
            rules::measure(rule, remembered_now, now, measures_);
        seen.measures = measures_;
        seen.next_change = rules::next_change(rule, {seen.rows, seen.person}, now);
        look_ahead(rule, seen, now);
    }
    return all;
}

}  // namespace tocsin::task
