#include "episodes/subject_state.h"

#include <algorithm>

namespace tocsin::episodes {
namespace {

constexpr std::uint8_t kFormat = 1;
enum Parts : std::uint8_t { kHasEpisode = 1, kHasPromise = 2 };

void put_episode(std::string& out, const Episode& e) {
    out.push_back(static_cast<char>(e.level));
    ledger::put_instant(out, e.opened_at);
    ledger::put_instant(out, e.false_since);
    ledger::put_signed(out, e.updated_minute);
    ledger::put_varint(out, e.transitions);
    ledger::put_string(out, e.id);
    ledger::put_string(out, e.trigger);
    ledger::put_string(out, e.area);
}

bool get_episode(ledger::Reader& in, Episode& e) {
    const std::uint8_t level = in.byte();
    if (level >= kLevels) return false;
    e.level = static_cast<Level>(level);
    e.opened_at = in.instant();
    e.false_since = in.instant();
    e.updated_minute = in.signed_varint();
    e.transitions = in.varint();
    e.id = in.string();
    e.trigger = in.string();
    e.area = in.string();
    return in.ok();
}

}  // namespace

bool SubjectState::idle() const {
    return !episode.open() && !promise && due == kNever && openings.empty();
}

std::uint64_t SubjectState::count_opening(std::uint64_t hash) {
    for (Opening& o : openings) {
        if (o.hash == hash) return o.episodes++;
    }
    if (openings.size() >= kOpeningsMax) openings.erase(openings.begin());
    openings.push_back({hash, 1});
    return 0;
}

void put_state(std::string& out, const SubjectState& s) {
    out.push_back(static_cast<char>(kFormat));
    out.push_back(static_cast<char>((s.episode.open() ? kHasEpisode : 0) | (s.promise ? kHasPromise : 0)));
    ledger::put_string(out, s.rule);
    ledger::put_string(out, s.subject);
    ledger::put_instant(out, s.due);
    if (s.episode.open()) put_episode(out, s.episode);
    if (s.promise) {
        ledger::put_instant(out, s.promise->stated_at);
        ledger::put_instant(out, s.promise->due);
        ledger::put_string(out, s.promise->stated_by);
        ledger::put_string(out, s.promise->area);
    }
    ledger::put_varint(out, s.openings.size());
    for (const Opening& o : s.openings) {
        ledger::put_fixed64(out, o.hash);
        ledger::put_varint(out, o.episodes);
    }
}

bool get_state(ledger::Reader& in, SubjectState& s) {
    if (in.byte() != kFormat) return false;
    const std::uint8_t parts = in.byte();
    s.rule = in.string();
    s.subject = in.string();
    s.due = in.instant();
    if ((parts & kHasEpisode) != 0 && !get_episode(in, s.episode)) return false;
    if ((parts & kHasPromise) != 0) {
        Promise& p = s.promise.emplace();
        p.stated_at = in.instant();
        p.due = in.instant();
        p.stated_by = in.string();
        p.area = in.string();
    }
    for (std::uint64_t n = in.count(); n > 0; --n) {
        const std::uint64_t hash = in.fixed64();
        s.openings.push_back({hash, in.varint()});
    }
    return in.ok();
}

std::string pack_states(const std::vector<SubjectState>& states) {
    std::string out;
    for (const SubjectState& s : states) put_state(out, s);
    return out;
}

bool unpack_states(std::string_view bytes, std::vector<SubjectState>& states) {
    states.clear();
    ledger::Reader in(bytes);
    while (!in.done()) {
        if (!get_state(in, states.emplace_back())) return false;
    }
    return in.ok();
}

Instant earliest_due(const std::vector<SubjectState>& states) {
    Instant due = kNever;
    for (const SubjectState& s : states) due = std::min(due, s.due);
    return due;
}

}  // namespace tocsin::episodes
