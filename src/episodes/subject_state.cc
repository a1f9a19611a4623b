#include "episodes/subject_state.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tocsin::episodes {
namespace {

/// Format 2 has the parts kHasFields and kHasPast, format 3 all; a state is written in the oldest format that has its
/// parts, as it always was.
constexpr std::uint8_t kFormat = 1, kFormatWithMore = 2, kNewestFormat = 3;
enum Parts : std::uint8_t {
    kHasEpisode = 1,
    kHasPromise = 2,
    kHasFields = 4,
    kHasPast = 8,
    kHasLevelSince = 16,
    kHasRising = 32,
    kWithheld = 64,
};

std::uint8_t parts_of(const SubjectState& s) {
    unsigned parts = 0;
    if (s.episode.open()) parts |= kHasEpisode;
    if (s.promise) parts |= kHasPromise;
    if (s.promise && !s.promise->fields.empty()) parts |= kHasFields;
    if (!s.past.empty()) parts |= kHasPast;
    if (s.episode.open() && s.episode.level_since != kBeforeAll) parts |= kHasLevelSince;
    if (!s.rising.empty()) parts |= kHasRising;
    if (s.episode.open() && s.episode.withheld) parts |= kWithheld;
    return static_cast<std::uint8_t>(parts);
}

std::uint8_t format_of(std::uint8_t parts) {
    if (parts >= kHasLevelSince) return kNewestFormat;
    return parts >= kHasFields ? kFormatWithMore : kFormat;
}

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

void put_value(std::string& out, const OwnedValue& owned) {
    const Value& v = owned.value;
    out.push_back(static_cast<char>(v.type));
    switch (v.type) {
        case Value::Type::kMissing:
            break;
        case Value::Type::kBool:
            out.push_back(v.boolean ? 1 : 0);
            break;
        case Value::Type::kNumber:
            ledger::put_fixed64(out, std::bit_cast<std::uint64_t>(v.number));
            break;
        case Value::Type::kString:
            ledger::put_string(out, owned.text);
            break;
        default:
            ledger::put_signed(out, v.integer);
            break;
    }
}

bool get_value(ledger::Reader& in, OwnedValue& owned) {
    const std::uint8_t type = in.byte();
    if (type > static_cast<std::uint8_t>(Value::Type::kString)) return false;
    Value& v = owned.value;
    v.type = static_cast<Value::Type>(type);
    switch (v.type) {
        case Value::Type::kMissing:
            break;
        case Value::Type::kBool:
            v.boolean = in.byte() != 0;
            break;
        case Value::Type::kNumber:
            v.number = std::bit_cast<double>(in.fixed64());
            break;
        case Value::Type::kString:
            owned.text = in.string();
            break;
        default:
            v.integer = in.signed_varint();
            break;
    }
    return in.ok();
}

void put_more(std::string& out, const SubjectState& s, std::uint8_t parts) {
    if ((parts & kHasFields) != 0) {
        ledger::put_varint(out, s.promise->fields.size());
        for (const KeptField& field : s.promise->fields) {
            ledger::put_string(out, field.name);
            put_value(out, field.value);
        }
    }
    if ((parts & kHasPast) != 0) {
        ledger::put_varint(out, s.past.size());
        for (const PastBreak& past : s.past) {
            ledger::put_instant(out, past.from);
            ledger::put_instant(out, past.to);
            ledger::put_string(out, past.id);
            ledger::put_string(out, past.area);
        }
    }
    if ((parts & kHasLevelSince) != 0) ledger::put_instant(out, s.episode.level_since);
    if ((parts & kHasRising) == 0) return;
    ledger::put_varint(out, s.rising.size());
    for (const Rising& rising : s.rising) {
        out.push_back(static_cast<char>(rising.level));
        ledger::put_instant(out, rising.since);
        ledger::put_string(out, rising.trigger);
        ledger::put_string(out, rising.area);
    }
}

bool get_rising(ledger::Reader& in, std::vector<Rising>& all) {
    for (std::uint64_t n = in.count(); n > 0; --n) {
        Rising& rising = all.emplace_back();
        const std::uint8_t level = in.byte();
        if (level >= kLevels) return false;
        rising.level = static_cast<Level>(level);
        rising.since = in.instant();
        rising.trigger = in.string();
        rising.area = in.string();
    }
    return in.ok();
}

bool get_more(ledger::Reader& in, SubjectState& s, std::uint8_t parts) {
    if ((parts & kHasFields) != 0) {
        if (!s.promise) return false;
        for (std::uint64_t n = in.count(); n > 0; --n) {
            KeptField& field = s.promise->fields.emplace_back();
            field.name = in.string();
            if (!get_value(in, field.value)) return false;
        }
    }
    for (std::uint64_t n = (parts & kHasPast) != 0 ? in.count() : 0; n > 0; --n) {
        PastBreak& past = s.past.emplace_back();
        past.from = in.instant();
        past.to = in.instant();
        past.id = in.string();
        past.area = in.string();
    }
    s.episode.withheld = (parts & kWithheld) != 0;
    if ((parts & kHasLevelSince) != 0) s.episode.level_since = in.instant();
    return (parts & kHasRising) != 0 ? get_rising(in, s.rising) : in.ok();
}

}  // namespace

bool SubjectState::idle() const {
    return !episode.open() && !promise && rising.empty() && due == kNever && openings.empty() && past.empty();
}

void SubjectState::clear() {
    SubjectState fresh;
    for (const auto& [to, from] :
         {std::pair(&fresh.rule, &rule), std::pair(&fresh.subject, &subject), std::pair(&fresh.episode.id, &episode.id),
          std::pair(&fresh.episode.trigger, &episode.trigger), std::pair(&fresh.episode.area, &episode.area)}) {
        to->swap(*from);
        to->clear();
    }
    *this = std::move(fresh);
}

void SubjectState::remember(PastBreak past_break) {
    if (past.size() >= kPastMax) past.erase(past.begin());
    past.push_back(std::move(past_break));
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
    const std::uint8_t parts = parts_of(s);
    out.push_back(static_cast<char>(format_of(parts)));
    out.push_back(static_cast<char>(parts));
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
    put_more(out, s, parts);
}

bool get_state(ledger::Reader& in, SubjectState& s) {
    const std::uint8_t format = in.byte();
    if (format < kFormat || format > kNewestFormat) return false;
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
    return get_more(in, s, parts);
}

void pack_states(const std::vector<SubjectState>& states, std::string& out) {
    out.clear();
    for (const SubjectState& s : states) put_state(out, s);
}

bool unpack_states(std::string_view bytes, std::vector<SubjectState>& states) {
    ledger::Reader in(bytes);
    std::size_t n = 0;
    for (; !in.done(); ++n) {
        if (n == states.size()) states.emplace_back();
        states[n].clear();
        if (!get_state(in, states[n])) return false;
    }
    states.resize(n);
    return in.ok();
}

Instant earliest_due(const std::vector<SubjectState>& states) {
    Instant due = kNever;
    for (const SubjectState& s : states) due = std::min(due, s.due);
    return due;
}

}  // namespace tocsin::episodes
