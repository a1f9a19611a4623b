#include "task/task.h"

#include <algorithm>

#include "base/digest.h"
#include "ledger/codec.h"

namespace tocsin::task {
namespace {

constexpr char kMetaPrefix = 'm';
constexpr std::string_view kClockKey = "mclock";
constexpr std::string_view kPhasesKey = "mphases";
constexpr std::uint8_t kMetaFormat = 3;
constexpr std::uint8_t kRaisesCase = 1, kWarming = 2;

// A profile of its own for each event without a customer: nobody to remember, but its id must not count twice.
void put_key(const Event& event, std::string& key) {
    key.assign(1, event.customer.empty() ? 'i' : 'c');
    key.append(event.customer.empty() ? event.id : event.customer);
}

}  // namespace

Task::Task(const Setting& setting, std::uint32_t index)
    : setting_(setting),
      index_(index),
      vocabulary_(setting.schema, words_),
      recorder_(setting),
      corrections_(setting.schema),
      persons_(setting, recorder_),
      feed_(setting, cells_),
      areas_(setting, recorder_),
      told_(setting),
      rollups_(setting, recorder_),
      limits_(recorder_),
      phase_change_(setting.schema.kind("phase_change")),
      working_(table_, vocabulary_) {}

Duration Task::keep() const {
    // A person is in a phase until an event says otherwise, however long ago that was.
    const bool phased = std::any_of(rules_->rules.begin(), rules_->rules.end(),
                                    [](const Rule& rule) { return rule.person && rule.plan != nullptr; });
    if (phased) return setting_.limits.retention;
    return std::min(std::max(rules_->longest_window(), setting_.limits.dedup), setting_.limits.retention);
}
Instant Task::oldest_kept() const {
    return clock_ - keep();
}
Instant Task::kept_from() const {
    return rules_ == nullptr || clock_ == kBeforeAll ? kept_from_ : std::max(kept_from_, oldest_kept());
}

WorkingSet::Entry& Task::take(ledger::Slot slot) {
    WorkingSet::Entry& at = working_.get(slot);
    told_.before(at.states);
    return at;
}

// Past breaks are asked for by windows that reach back from the clock of the task that is furthest behind.
bool Task::forget_breaks(episodes::SubjectState& state) const {
    if (state.past.empty()) return false;
    const Rule* rule = rules_->find(state.rule);
    const bool counted = rule != nullptr && rule->expect && rule->expect->rollup_window;
    const Instant oldest = std::min(cells_from_, clock_);
    return std::erase_if(state.past, [&](const episodes::PastBreak& past) {
               return !counted || (past.to < oldest && past.from < oldest - *rule->expect->rollup_window);
           }) > 0;
}

bool Task::drop_idle_states(WorkingSet::Entry& at, bool closed) const {
    const auto rows = at.profile.rows();
    const auto left = at.profile.left();
    bool dropped = false;
    for (episodes::SubjectState& s : at.states) {
        dropped = forget_breaks(s) || dropped;
        // An opening can only be repeated while its event is remembered.
        if (s.episode.open() || s.openings.empty() || (!closed && left.empty())) continue;
        std::erase_if(s.openings, [&](const episodes::Opening& o) {
            if (!closed && std::find(left.begin(), left.end(), o.hash) == left.end()) return false;
            return std::none_of(rows.begin(), rows.end(),
                                [&](const ledger::Row& r) { return hash64(r.event.id) == o.hash; });
        });
    }
    at.profile.forget_left();
    return std::erase_if(at.states, [](const episodes::SubjectState& s) { return s.idle(); }) > 0 || dropped;
}

// The profile has changed: it is stored with the next commit, and its next timer is known. `closed`: episodes may have.
void Task::settle(ledger::Slot slot, WorkingSet::Entry& at, bool closed) {
    told_.after(at.states);
    drop_idle_states(at, closed);
    bool any_held = false;
    const Instant due = persons_.next_due(at.states, any_held);
    working_.changed(slot, at, due);
    if (any_held) held_.push_back(slot);
}

void Task::foresee(const Event& event) {
    put_key(event, key_);
    table_.foresee(key_);
}

Applied Task::apply(const Event& event, std::vector<Touch>& touches) {
    Applied applied;
    applied.area = setting_.areas.resolve(event.area);
    highest_ = std::max(highest_, event.time);
    if (event.time < clock_ - setting_.limits.retention) {
        applied.outcome = Outcome::kTooLate;
        return applied;
    }
    // Phases of many areas come one behind the other: what is open is looked at once, behind the last of them.
    if (phases_from_ <= event.time && !of_area(event)) judge_phases();
    put_key(event, key_);
    ledger::Slot slot = table_.find(key_);
    applied.new_customer = slot == ledger::kNoSlot && !event.customer.empty();
    if (slot == ledger::kNoSlot) slot = table_.set(slot, key_, {}, kNever);
    WorkingSet::Entry& at = take(slot);
    if (at.profile.has_id(event.id, event.time, setting_.limits.dedup)) {
        applied.outcome = Outcome::kDuplicate;
        return applied;
    }
    if (event.time < clock_) applied.outcome = Outcome::kLate;
    applied.phase_of_area = tell_phase(event, applied.area);
    if (corrections_.met() && corrections_.of(event.kind) == Correction::kNone)
        applied.correction = corrections_.about(at.profile.rows(), event.id);
    const bool reclassified = applied.correction == Correction::kReclassified;
    if (applied.correction != Correction::kNone && !reclassified) {  // taken back before it came
        at.profile.know(event.id, event.time);
        at.profile.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
        settle(slot, at, /*closed=*/false);
        return applied;
    }
    const std::size_t said = recorder_.made();
    if (sweep_.take(slot) && !at.profile.rows().empty()) look_back(at);
    persons_.fire(at.profile, at.states, event.time, /*inclusive=*/false);
    const Event& counted = reclassified ? corrections_.corrected(at.profile.rows(), event) : event;
    const std::size_t index = at.profile.add(questions_.answered(counted), vocabulary_);
    const Instant now = std::max({clock_, event.time, at.profile.rows().back().event.time});
    if (!event.customer.empty()) persons_.judge(at.profile, at.states, index, now);
    applied.uncovered = persons_.take_uncovered();
    feed_.add(at.profile, index, std::min(cells_from_, clock_), touches);
    const bool corrects = corrections_.of(event.kind) != Correction::kNone;
    if (corrects || working_.stays(at)) at.profile.keep(index, customer_in(at.key), vocabulary_);
    if (corrects) correct(at, index, now, touches, applied);
    applied.rolled_up = at.profile.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
    settle(slot, at, recorder_.made() != said);
    return applied;
}

bool Task::tell_phase(const Event& event, AreaId area) {
    const auto field = setting_.schema.field("phase");
    if (!of_area(event) || area == AreaTree::kUnknown || !field) return false;
    const Value phase = event.field(*field);
    if (phase.type != Value::Type::kString) return false;
    setting_.phases->tell(setting_.areas.area(area).code,
                          {event.time, std::string(phase.string), std::string(event.id), index_});
    return phases_told_ = true;
}

bool Task::knows(const Event& event) const {
    std::string key;
    put_key(event, key);
    return table_.find(key) != ledger::kNoSlot;
}

void Task::fire_profiles(Instant limit, bool inclusive) {
    while (const auto timer = table_.pop_due(limit, inclusive)) {
        WorkingSet::Entry& at = take(timer->slot);
        const std::size_t said = recorder_.made();
        persons_.fire(at.profile, at.states, limit, inclusive);
        at.profile.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
        settle(timer->slot, at, recorder_.made() != said);
    }
}

void Task::advance(Instant clock) {
    if (clock <= clock_) return;
    if (phases_from_ < clock) judge_phases();
    clock_ = clock;
    fire_profiles(clock, /*inclusive=*/false);
    areas_.fire(clock, /*inclusive=*/false);
    rollups_.fire(clock, /*inclusive=*/false);
}

void Task::advance_through(Instant clock) {
    if (phases_from_ <= clock) judge_phases();
    clock_ = std::max(clock_, clock);
    fire_profiles(clock, /*inclusive=*/true);
    areas_.fire(clock, /*inclusive=*/true);
    rollups_.fire(clock, /*inclusive=*/true);
}

Instant Task::next_due() {
    return std::min({table_.next_due(), areas_.next_due(), rollups_.next_due()});
}

void Task::hold(std::vector<bool> unverified) {
    rollups_.hold(unverified);
    persons_.hold(std::move(unverified));
    // Timers that were held may be due long since; the next advance() fires them at their due instants.
    for (const ledger::Slot slot : std::exchange(held_, {})) {
        if (table_.alive(slot)) settle(slot, take(slot));
    }
}

void Task::tidy(std::size_t slots) {
    for (std::size_t n = std::min(slots, table_.slots()); n > 0; --n) {
        if (tidy_next_ >= table_.slots()) tidy_next_ = 0;
        const ledger::Slot slot = tidy_next_++;
        if (!table_.alive(slot) || table_.due(slot) != kNever) continue;
        WorkingSet::Entry& at = take(slot);
        const std::size_t before = at.profile.rows().size();
        at.profile.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
        const bool dropped = drop_idle_states(at, /*closed=*/true);
        told_.before(at.states);  // what is forgotten is not taken back
        if (dropped || at.profile.rows().size() != before) settle(slot, at);
    }
}

Result<void> Task::load(std::string_view key, std::string_view value) {
    const auto damaged = [&] {
        return fatal("stored entry of type '" + std::string(key.substr(0, 1)) +
                     "' is damaged or of a newer format; restore the state directory or run `tocsin state rebuild`");
    };
    switch (key.empty() ? '\0' : key.front()) {
        case ledger::Dictionary::kKeyPrefix:
            corrections_.meet_word(value);
            return words_.load(key, value) ? Result<void>() : damaged();
        case ledger::CellStore::kKeyPrefix:
            return cells_.load(key, value) ? Result<void>() : damaged();
        case AreaJudge::kKeyPrefix:
            return areas_.load(key, value) ? Result<void>() : damaged();
        case RollupJudge::kKeyPrefix:
            return rollups_.load(key, value) ? Result<void>() : damaged();
        case LimitJudge::kKeyPrefix:
            return limits_.load(key, value) ? Result<void>() : damaged();
        case kMetaPrefix:
            return load_meta(key, value);
        case ledger::ProfileTable::kKeyPrefix:
            break;
        default:
            return damaged();
    }
    // Words sort before profiles, so the profile can be checked whole.
    const std::string_view customer_key = key.substr(1);
    WorkingSet::Entry& read = working_.scratch();
    if (customer_key.empty() || customer_key.size() > ledger::ProfileTable::kKeyBytesMax ||
        !read.profile.unpack(value, customer_in(customer_key), vocabulary_) ||
        !episodes::unpack_states(read.profile.states, read.states)) {
        return damaged();
    }
    table_.load(customer_key, value, episodes::earliest_due(read.states));
    return {};
}

Result<void> Task::load_meta(std::string_view key, std::string_view value) {
    if (key == kPhasesKey) {
        stored_phases_ = value;
        if (AreaPhases().load(index_, value)) return {};
        return fatal("the stored phases are damaged or of a newer format; restore the state directory");
    }
    if (key != kClockKey) return {};  // the pipeline's own rows
    ledger::Reader in(value);
    const std::uint8_t format = in.byte();
    const bool known_format = format >= 1 && format <= kMetaFormat;
    clock_ = in.instant();
    highest_ = in.instant();
    areas_.set_frontier(in.instant());
    if (format > 1) kept_from_ = in.instant();
    if (format > 2) stored_cut_ = in.varint();
    for (std::uint64_t n = in.count(); n > 0; --n) {
        KnownRule& known = known_rules_[std::string(in.string())];
        known.definition_hash = in.fixed64();
        const std::uint8_t flags = in.byte();
        known.raises_case = (flags & kRaisesCase) != 0;
        known.warming = (flags & kWarming) != 0;
        for (std::uint64_t k = in.count(); k > 0; --k) known.by.emplace_back(in.string());
    }
    for (std::uint64_t n = in.count(); n > 0; --n) known_cells_[in.fixed64()] = true;
    if (!known_format || !in.ok() || !in.done())
        return fatal("the stored clock is damaged or of a newer format; restore the state directory");
    return {};
}

void Task::write(WriteBatch& batch) {
    working_.pack();
    words_.write(batch);
    table_.write(batch);
    cells_.write(batch);
    areas_.write(batch, clock_);
    rollups_.write(batch);
    limits_.write(batch);
    std::string value(1, static_cast<char>(kMetaFormat));
    ledger::put_instant(value, clock_);
    ledger::put_instant(value, highest_);
    ledger::put_instant(value, areas_.frontier());
    ledger::put_instant(value, kept_from());
    ledger::put_varint(value, areas_.looks_ahead(clock_) || cut_ == nullptr ? kUnknownCut : *cut_);
    ledger::put_varint(value, known_rules_.size());
    for (const auto& [name, known] : known_rules_) {
        ledger::put_string(value, name);
        ledger::put_fixed64(value, known.definition_hash);
        value.push_back(static_cast<char>((known.raises_case ? kRaisesCase : 0) | (known.warming ? kWarming : 0)));
        ledger::put_varint(value, known.by.size());
        for (const std::string& field : known.by) ledger::put_string(value, field);
    }
    ledger::put_varint(value, known_cells_.size());
    for (const auto& [hash, used] : known_cells_) ledger::put_fixed64(value, hash);
    batch.put(kClockKey, value);
    if (std::exchange(phases_told_, false)) batch.put(kPhasesKey, setting_.phases->pack(index_));
}

}  // namespace tocsin::task
