#include "outbox/queue.h"

#include <algorithm>
#include <cmath>

namespace tocsin::outbox {

void Queue::add(Notice notice, Instant now) {
    if (gone_) {
        finished_.push_back(notice.key);
        return;
    }
    if (rows_.size() >= limits_.rows_max || bytes_ + notice.body.size() > limits_.bytes_max) fold(notice);
    const RowKey key = notice.key;
    bytes_ += notice.body.size();
    if (!notice.episode.empty()) episodes_[notice.episode].insert(key);
    rows_[key] = Row{std::make_shared<const Notice>(std::move(notice)), now, kBeforeAll, 0, false};
}

// At the limit the newest transition of an episode stands for those before it that have not left yet. Openings and
// closings stay: a receiver must see each begin and end.
void Queue::fold(const Notice& newest) {
    const auto episode = episodes_.find(newest.episode);
    if (newest.must_stay() || episode == episodes_.end()) return;
    std::vector<RowKey> older;
    for (const RowKey& key : episode->second) {
        const Row& row = rows_.at(key);
        if (!row.under_way && !row.notice->must_stay()) older.push_back(key);
    }
    for (const RowKey& key : older) {
        remove(key);
        ++folded_;
    }
}

bool Queue::is_first_of_episode(const Notice& notice) const {
    if (notice.episode.empty()) return true;
    const auto episode = episodes_.find(notice.episode);
    return episode == episodes_.end() || *episode->second.begin() == notice.key;
}

std::vector<std::shared_ptr<const Notice>> Queue::take(Instant now, std::size_t max) {
    std::vector<std::shared_ptr<const Notice>> taken;
    const bool broken = failures_ >= limits_.breaker_failures;
    if (broken) {
        if (now < probe_at_) return taken;
        max = std::min<std::size_t>(max, 1);
        probe_at_ = now + limits_.breaker_pause;
    }
    for (auto& [key, row] : rows_) {
        if (taken.size() >= max) break;
        if (row.under_way || (!broken && row.not_before > now) || !is_first_of_episode(*row.notice)) continue;
        row.under_way = true;
        ++row.attempts;
        taken.push_back(row.notice);
    }
    return taken;
}

void Queue::finish(const RowKey& key, Attempt attempt, const std::string& reason, Instant now, double chance,
                   std::optional<Duration> retry_after) {
    const auto it = rows_.find(key);
    if (it == rows_.end()) return;
    Row& row = it->second;
    row.under_way = false;
    switch (attempt) {
        case Attempt::kDelivered:
            failures_ = 0;
            remove(key);
            return;
        case Attempt::kRefused:
            failures_ = 0;  // it answered
            park(key, reason);
            return;
        case Attempt::kGone:
            gone_ = true;
            while (!rows_.empty()) park(rows_.begin()->first, "the receiver is gone (410)");
            return;
        case Attempt::kBusy: break;
    }
    if (++failures_ == limits_.breaker_failures) probe_at_ = now + limits_.breaker_pause;
    if (now - row.added >= limits_.give_up) {
        park(key, "given up: " + reason);
        return;
    }
    // Full jitter: anywhere between nothing and the doubled pause, so that receivers are not hit by all at once.
    const double ceiling = std::min<double>(static_cast<double>(limits_.backoff_max.count()),
                                            static_cast<double>(limits_.backoff_min.count()) * std::exp2(std::min(row.attempts, 20)));
    const Duration pause = std::max(limits_.backoff_min, Duration(static_cast<std::int64_t>(chance * ceiling)));
    row.not_before = now + std::max(pause, retry_after.value_or(Duration(0)));
}

void Queue::remove(const RowKey& key) {
    const auto it = rows_.find(key);
    const Notice& notice = *it->second.notice;
    bytes_ -= notice.body.size();
    if (const auto episode = episodes_.find(notice.episode); episode != episodes_.end()) {
        episode->second.erase(key);
        if (episode->second.empty()) episodes_.erase(episode);
    }
    finished_.push_back(key);
    rows_.erase(it);
}

void Queue::park(const RowKey& key, const std::string& reason) {
    if (parked_.size() >= kParkedMax) parked_.erase(parked_.begin());
    parked_.push_back({rows_.at(key).notice->id, reason});
    ++parked_total_;
    remove(key);
}

Instant Queue::next_try() const {
    Instant next = kNever;
    for (const auto& [key, row] : rows_) {
        if (!row.under_way && is_first_of_episode(*row.notice)) next = std::min(next, row.not_before);
    }
    return failures_ >= limits_.breaker_failures && next != kNever ? probe_at_ : next;
}

Instant Queue::oldest() const {
    Instant oldest = kNever;
    for (const auto& [key, row] : rows_) oldest = std::min(oldest, row.added);
    return oldest;
}

}  // namespace tocsin::outbox
