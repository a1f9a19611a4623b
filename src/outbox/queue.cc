#include "outbox/queue.h"

#include <algorithm>
#include <cmath>

namespace tocsin::outbox {
namespace {

constexpr const char* kGoneReason = "the receiver is gone (410); correct its URL and restart";

}  // namespace

void Queue::add(Notice notice, Instant now) {
    const RowKey key = notice.key;
    if (rows_.contains(key)) return;  // the same row, handed over twice
    if (gone_) return keep_parked(std::make_shared<const Notice>(std::move(notice)), kGoneReason, now);
    if (rows_.size() >= limits_.rows_max || bytes_ + notice.body.size() > limits_.bytes_max) fold(notice);
    bytes_ += notice.body.size();
    Row row{std::make_shared<const Notice>(std::move(notice)), next_arrival_++, now};
    arrivals_.emplace(row.arrival, key);
    const std::string& episode = row.notice->episode;
    const auto it = rows_.emplace(key, std::move(row)).first;
    if (episode.empty()) return enlist(key, it->second);
    std::set<RowKey>& siblings = episodes_[episode];
    const auto place = siblings.insert(key).first;
    if (place != siblings.begin()) {
        if (limits_.keeps_order && rows_.at(*std::prev(place)).under_way) enlist(key, it->second);
        return;
    }
    // An earlier row may be handed over after a later one (a restart reads the store while new ones come).
    if (const auto second = std::next(place); second != siblings.end()) delist(*second, rows_.at(*second));
    enlist(key, it->second);
}

// At the limit the newest transition of an episode stands for those before it that have not left yet. Openings and
// closings stay: a receiver must see each begin and end.
void Queue::fold(const Notice& newest) {
    const auto episode = episodes_.find(newest.episode);
    if (episode == episodes_.end()) return;
    std::vector<RowKey> older;
    for (const RowKey& key : episode->second) {
        const Row& row = rows_.at(key);
        if (key < newest.key && !row.under_way && !row.notice->must_stay()) older.push_back(key);
    }
    for (const RowKey& key : older) {
        finished_.push_back(key);
        remove(key);
        ++folded_;
    }
}

bool Queue::is_first_of_episode(const RowKey& key, const Row& row) const {
    const auto episode = episodes_.find(row.notice->episode);
    return episode == episodes_.end() || *episode->second.begin() == key;
}

void Queue::enlist(const RowKey& key, const Row& row) {
    if (row.not_before == kBeforeAll)
        ready_.emplace(row.arrival, key);
    else
        pausing_.emplace(row.not_before, key);
}

void Queue::delist(const RowKey& key, const Row& row) {
    ready_.erase(row.arrival);
    pausing_.erase({row.not_before, key});
}

void Queue::start(const RowKey& key, std::vector<std::shared_ptr<const Notice>>& taken) {
    Row& row = rows_.at(key);
    delist(key, row);
    row.under_way = true;
    ++under_way_;
    ++row.attempts;
    taken.push_back(row.notice);
    if (limits_.keeps_order) release_next(key, *row.notice);
}

// The one behind it may go as well.
void Queue::release_next(const RowKey& key, const Notice& notice) {
    const auto episode = episodes_.find(notice.episode);
    if (episode == episodes_.end()) return;
    const auto next = episode->second.upper_bound(key);
    if (next == episode->second.end()) return;
    const Row& row = rows_.at(*next);
    if (!row.under_way) enlist(*next, row);
}

// One that has failed goes before those of its episode that have not left yet.
void Queue::hold_back(const RowKey& key, const Notice& notice) {
    const auto episode = episodes_.find(notice.episode);
    if (!limits_.keeps_order || episode == episodes_.end()) return;
    for (auto later = episode->second.upper_bound(key); later != episode->second.end(); ++later) {
        const Row& row = rows_.at(*later);
        if (row.under_way) continue;
        delist(*later, row);  // only the first of them can be listed
        return;
    }
}

std::vector<std::shared_ptr<const Notice>> Queue::take(Instant now, std::size_t max) {
    std::vector<std::shared_ptr<const Notice>> taken;
    if (max == 0 || now < quiet_until_) return taken;
    const bool broken = is_broken();
    if (broken && now < probe_at_) return taken;
    while (!pausing_.empty() && pausing_.begin()->first <= now) {
        const RowKey key = pausing_.begin()->second;
        Row& row = rows_.at(key);
        delist(key, row);
        row.not_before = kBeforeAll;
        enlist(key, row);
    }
    // The probe of a broken receiver: the breaker's pause stands in for the row's own.
    if (broken) max = 1;
    while (taken.size() < max && !ready_.empty()) start(RowKey(ready_.begin()->second), taken);
    if (broken && taken.empty() && !pausing_.empty()) start(RowKey(pausing_.begin()->second), taken);
    if (broken && !taken.empty()) probe_at_ = now + limits_.breaker_pause;
    return taken;
}

void Queue::finish(const RowKey& key, Attempt attempt, const std::string& reason, Instant now, double chance,
                   std::optional<Duration> retry_after) {
    const auto it = rows_.find(key);
    if (it == rows_.end() || !it->second.under_way) return;
    Row& row = it->second;
    row.under_way = false;
    --under_way_;
    switch (attempt) {
        case Attempt::kDelivered:
            failures_ = 0;
            finished_.push_back(key);
            return remove(key);
        case Attempt::kRefused:
            failures_ = 0;  // it answered
            return park(key, reason, now);
        case Attempt::kAgain:
            hold_back(key, *row.notice);
            row.not_before = kBeforeAll;
            if (is_first_of_episode(key, row)) enlist(key, row);
            return;
        case Attempt::kGone:
            gone_ = true;
            while (!rows_.empty()) park(RowKey(arrivals_.begin()->second), kGoneReason, now);
            return;
        case Attempt::kBusy:
            break;
    }
    hold_back(key, *row.notice);
    if (++failures_ == limits_.breaker_failures) probe_at_ = now + limits_.breaker_pause;
    if (retry_after) quiet_until_ = std::max(quiet_until_, now + *retry_after);
    const bool give_up = now - row.added >= limits_.give_up;
    if (give_up)
        park(RowKey(key), "given up: " + reason, now);
    else
        retry_later(key, row, now, chance);
    if (is_broken()) give_up_old(reason, now);
}

// A broken receiver is tried with one notice at a time: those behind it grow too old without a try of their own.
void Queue::give_up_old(const std::string& reason, Instant now) {
    while (!arrivals_.empty()) {
        const RowKey oldest = arrivals_.begin()->second;
        const Row& row = rows_.at(oldest);
        if (row.under_way || now - row.added < limits_.give_up) return;
        park(oldest, "given up: " + reason, now);
    }
}

// Full jitter: anywhere between the shortest pause and the doubled one, so that notices that failed together do not
// come back together.
void Queue::retry_later(const RowKey& key, Row& row, Instant now, double chance) {
    const double longest = static_cast<double>(limits_.backoff_max.count());
    const double doubled = static_cast<double>(limits_.backoff_min.count()) * std::exp2(std::min(row.attempts, 30));
    const Duration pause(static_cast<std::int64_t>(chance * std::min(longest, doubled)));
    row.not_before = now + std::clamp(pause, limits_.backoff_min, limits_.backoff_max);
    if (is_first_of_episode(key, row)) enlist(key, row);
}

void Queue::remove(const RowKey& key) {
    const auto it = rows_.find(key);
    const std::shared_ptr<const Notice> notice = it->second.notice;
    bytes_ -= notice->body.size();
    if (it->second.under_way) --under_way_;
    delist(key, it->second);
    arrivals_.erase(it->second.arrival);
    rows_.erase(it);
    release(*notice);
}

// The next transition of the episode may go, if this one was what it waited for.
void Queue::release(const Notice& notice) {
    const auto episode = episodes_.find(notice.episode);
    if (episode == episodes_.end()) return;
    episode->second.erase(notice.key);
    if (episode->second.empty()) {
        episodes_.erase(episode);
        return;
    }
    const RowKey next = *episode->second.begin();
    const Row& row = rows_.at(next);
    if (next > notice.key && !row.under_way) enlist(next, row);
}

void Queue::park(const RowKey& key, const std::string& reason, Instant now) {
    auto notice = rows_.at(key).notice;
    remove(key);
    keep_parked(std::move(notice), reason, now);
}

void Queue::keep_parked(std::shared_ptr<const Notice> notice, const std::string& reason, Instant now) {
    parked_.push_back({std::move(notice), reason, now});
    ++parked_total_;
    if (parked_.size() <= kParkedMax) return;
    finished_.push_back(parked_.front().notice->key);
    parked_.pop_front();
    ++dropped_;
}

Instant Queue::next_try() const {
    if (ready_.empty() && pausing_.empty()) return kNever;
    const Instant first = ready_.empty() ? pausing_.begin()->first : kBeforeAll;
    return std::max(quiet_until_, is_broken() ? probe_at_ : first);
}

Instant Queue::oldest() const {
    return arrivals_.empty() ? kNever : rows_.at(arrivals_.begin()->second).added;
}

}  // namespace tocsin::outbox
