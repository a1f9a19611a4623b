#include "task/task.h"

#include <algorithm>

#include "base/digest.h"
#include "ledger/codec.h"

namespace tocsin::task {
namespace {

constexpr char kMetaPrefix = 'm';
constexpr std::string_view kClockKey = "mclock";
constexpr std::uint8_t kMetaFormat = 1;

std::string key_of(const Event& event) {
    // A profile of its own for each event without a customer: nobody to remember, but its id must not count twice.
    std::string key(1, event.customer.empty() ? 'i' : 'c');
    key.append(event.customer.empty() ? event.id : event.customer);
    return key;
}

std::string_view customer_in(std::string_view key) {
    return key.front() == 'c' ? key.substr(1) : std::string_view{};
}

}  // namespace

Task::Task(const Setting& setting, std::uint32_t index)
    : setting_(setting),
      index_(index),
      vocabulary_(setting.schema, words_),
      recorder_(setting),
      persons_(setting, recorder_),
      feed_(setting, cells_),
      areas_(setting, recorder_),
      told_(setting),
      rollups_(setting, recorder_) {}

Duration Task::keep() const {
    return std::min(std::max(rules_->longest_window(), setting_.limits.dedup), setting_.limits.retention);
}
Instant Task::oldest_kept() const {
    return clock_ - keep();
}

void Task::unpack(ledger::Slot slot) {
    states_.clear();
    if (slot == ledger::kNoSlot) {
        profile_.clear();
        told_.before(states_);
        return;
    }
    const bool ok = profile_.unpack(table_.bytes(slot), customer_in(table_.key(slot)), vocabulary_) &&
                    episodes::unpack_states(profile_.states, states_);
    TOCSIN_CHECK(ok, "what is in RAM was made here or checked when it was loaded");
    told_.before(states_);
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

bool Task::drop_idle_states() {
    bool dropped = false;
    for (episodes::SubjectState& s : states_) {
        dropped = forget_breaks(s) || dropped;
        // An opening can only be repeated while its event is remembered.
        if (s.episode.open() || s.openings.empty()) continue;
        std::erase_if(s.openings, [&](const episodes::Opening& o) {
            return std::none_of(profile_.rows().begin(), profile_.rows().end(),
                                [&](const ledger::Row& r) { return hash64(r.event.id) == o.hash; });
        });
    }
    return std::erase_if(states_, [](const episodes::SubjectState& s) { return s.idle(); }) > 0 || dropped;
}

void Task::store(ledger::Slot slot, std::string_view key) {
    told_.after(states_);
    drop_idle_states();
    bool any_held = false;
    const Instant due = persons_.next_due(states_, any_held);
    packed_states_ = episodes::pack_states(states_);
    profile_.states = packed_states_;
    if (profile_.empty()) {
        if (slot != ledger::kNoSlot) table_.erase(slot);
        return;
    }
    profile_.pack(packed_);
    slot = table_.set(slot, key, packed_, due);
    if (any_held) held_.push_back(slot);
}

Applied Task::apply(const Event& event, std::vector<Touch>& touches) {
    Applied applied;
    applied.area = setting_.areas.resolve(event.area);
    highest_ = std::max(highest_, event.time);
    if (event.time < clock_ - setting_.limits.retention) {
        applied.outcome = Outcome::kTooLate;
        return applied;
    }
    const std::string key = key_of(event);
    const ledger::Slot slot = table_.find(key);
    unpack(slot);
    if (profile_.has_id(event.id, event.time, setting_.limits.dedup)) {
        applied.outcome = Outcome::kDuplicate;
        return applied;
    }
    applied.new_customer = slot == ledger::kNoSlot && !event.customer.empty();
    if (event.time < clock_) applied.outcome = Outcome::kLate;
    persons_.fire(profile_, states_, event.time, /*inclusive=*/false);
    const std::size_t index = profile_.add(event, vocabulary_);
    const Instant now = std::max({clock_, event.time, profile_.rows().back().event.time});
    if (!event.customer.empty()) persons_.judge(profile_, states_, index, now);
    applied.uncovered = persons_.take_uncovered();
    feed_.add(profile_, index, std::min(cells_from_, clock_), touches);
    applied.rolled_up = profile_.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
    store(slot, key);
    return applied;
}

bool Task::knows(const Event& event) const {
    return table_.find(key_of(event)) != ledger::kNoSlot;
}

void Task::fire_profiles(Instant limit, bool inclusive) {
    while (const auto timer = table_.pop_due(limit, inclusive)) {
        unpack(timer->slot);
        persons_.fire(profile_, states_, limit, inclusive);
        profile_.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
        store(timer->slot, std::string(table_.key(timer->slot)));
    }
}

void Task::advance(Instant clock) {
    if (clock <= clock_) return;
    clock_ = clock;
    fire_profiles(clock, /*inclusive=*/false);
    areas_.fire(clock, /*inclusive=*/false);
    rollups_.fire(clock, /*inclusive=*/false);
}

void Task::advance_through(Instant clock) {
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
        if (!table_.alive(slot)) continue;
        unpack(slot);
        store(slot, std::string(table_.key(slot)));
    }
}

void Task::tidy(std::size_t slots) {
    for (std::size_t n = std::min(slots, table_.slots()); n > 0; --n) {
        if (tidy_next_ >= table_.slots()) tidy_next_ = 0;
        const ledger::Slot slot = tidy_next_++;
        if (!table_.alive(slot) || table_.due(slot) != kNever) continue;
        unpack(slot);
        const std::size_t before = profile_.rows().size();
        profile_.trim(oldest_kept(), setting_.limits.max_events, setting_.limits.dedup);
        const bool dropped = drop_idle_states();
        told_.before(states_);  // what is forgotten is not taken back
        if (dropped || profile_.rows().size() != before) store(slot, std::string(table_.key(slot)));
    }
}

Result<void> Task::load(std::string_view key, std::string_view value) {
    const auto damaged = [&] {
        return fatal("stored entry of type '" + std::string(key.substr(0, 1)) +
                     "' is damaged or of a newer format; restore the state directory or run `tocsin state rebuild`");
    };
    switch (key.empty() ? '\0' : key.front()) {
        case ledger::Dictionary::kKeyPrefix:
            return words_.load(key, value) ? Result<void>() : damaged();
        case ledger::CellStore::kKeyPrefix:
            return cells_.load(key, value) ? Result<void>() : damaged();
        case AreaJudge::kKeyPrefix:
            return areas_.load(key, value) ? Result<void>() : damaged();
        case RollupJudge::kKeyPrefix:
            return rollups_.load(key, value) ? Result<void>() : damaged();
        case kMetaPrefix:
            return load_meta(key, value);
        case ledger::ProfileTable::kKeyPrefix:
            break;
        default:
            return damaged();
    }
    // Words sort before profiles, so the profile can be checked whole.
    const std::string_view customer_key = key.substr(1);
    if (customer_key.empty() || customer_key.size() > ledger::ProfileTable::kKeyBytesMax ||
        !profile_.unpack(value, customer_in(customer_key), vocabulary_) ||
        !episodes::unpack_states(profile_.states, states_)) {
        return damaged();
    }
    table_.load(customer_key, value, episodes::earliest_due(states_));
    return {};
}

Result<void> Task::load_meta(std::string_view key, std::string_view value) {
    if (key != kClockKey) return {};  // the pipeline's own rows
    ledger::Reader in(value);
    const bool known_format = in.byte() == kMetaFormat;
    clock_ = in.instant();
    highest_ = in.instant();
    areas_.set_frontier(in.instant());
    for (std::uint64_t n = in.count(); n > 0; --n) {
        KnownRule& known = known_rules_[std::string(in.string())];
        known.definition_hash = in.fixed64();
        known.raises_case = in.byte() != 0;
        for (std::uint64_t k = in.count(); k > 0; --k) known.by.emplace_back(in.string());
    }
    for (std::uint64_t n = in.count(); n > 0; --n) known_cells_[in.fixed64()] = true;
    if (!known_format || !in.ok() || !in.done())
        return fatal("the stored clock is damaged or of a newer format; restore the state directory");
    return {};
}

void Task::write(WriteBatch& batch) {
    words_.write(batch);
    table_.write(batch);
    cells_.write(batch);
    areas_.write(batch);
    rollups_.write(batch);
    std::string value(1, static_cast<char>(kMetaFormat));
    ledger::put_instant(value, clock_);
    ledger::put_instant(value, highest_);
    ledger::put_instant(value, areas_.frontier());
    ledger::put_varint(value, known_rules_.size());
    for (const auto& [name, known] : known_rules_) {
        ledger::put_string(value, name);
        ledger::put_fixed64(value, known.definition_hash);
        value.push_back(known.raises_case ? 1 : 0);
        ledger::put_varint(value, known.by.size());
        for (const std::string& field : known.by) ledger::put_string(value, field);
    }
    ledger::put_varint(value, known_cells_.size());
    for (const auto& [hash, used] : known_cells_) ledger::put_fixed64(value, hash);
    batch.put(kClockKey, value);
}

}  // namespace tocsin::task
