// Random histories of a queue: whatever the receiver does, nothing is lost, nothing overtakes, and limits hold.
#include <map>
#include <set>

#include "fixtures.h"
#include "outbox/queue.h"

namespace tocsin::outbox {
namespace {

using namespace std::chrono_literals;

struct Step {
    int what = 0;  // 0-2 add, 3-4 take, 5-8 answer
    int episode = 0;
    int kind = 0;
    int answer = 0;
    int seconds = 0;
    int max = 1;
    double chance = 0;
};

rc::Gen<std::vector<Step>> histories() {
    const auto step = rc::gen::map(
        rc::gen::tuple(rc::gen::inRange(0, 9), rc::gen::inRange(0, 4), rc::gen::inRange(0, 4), rc::gen::inRange(0, 20),
                       rc::gen::inRange(0, 40), rc::gen::inRange(1, 6), rc::gen::inRange(0, 1000)),
        [](const std::tuple<int, int, int, int, int, int, int>& t) {
            return Step{std::get<0>(t), std::get<1>(t), std::get<2>(t),         std::get<3>(t),
                        std::get<4>(t), std::get<5>(t), std::get<6>(t) / 1000.0};
        });
    return rc::gen::resize(400, rc::gen::container<std::vector<Step>>(step));
}

/// Plays a history and keeps the books beside the queue.
class Play {
public:
    explicit Play(std::size_t rows_max) {
        limits_.rows_max = rows_max;
        queue_ = Queue(limits_);
    }

    void step(const Step& s) {
        now_ += std::chrono::seconds(s.seconds);
        if (s.what <= 2) return add(s);
        if (s.what <= 4) return take(static_cast<std::size_t>(s.max));
        if (!under_way_.empty()) answer(s);
    }

    /// A receiver that takes everything from now on empties the queue.
    void drain() {
        for (int round = 0; queue_.size() > 0 && round < 100'000; ++round) {
            while (!under_way_.empty()) finish(under_way_.begin()->first, Attempt::kDelivered, 0, std::nullopt);
            if (queue_.size() == 0) break;
            const Instant next = queue_.next_try();
            RC_ASSERT(next < kNever);
            now_ = std::max(now_, next);
            take(100);
            RC_ASSERT(!under_way_.empty());
        }
        RC_ASSERT(queue_.size() == 0u && queue_.bytes() == 0u && queue_.under_way() == 0u);
    }

    /// Every row is accounted for exactly once, and openings and closings were never folded.
    void check_books() {
        collect();
        std::set<RowKey> folded = forgotten_;
        for (const RowKey& key : delivered_) RC_ASSERT(folded.erase(key) == 1u);
        for (const RowKey& key : folded) RC_ASSERT(!added_.at(key).must_stay());
        RC_ASSERT(folded.size() == queue_.folded());
        RC_ASSERT(added_.size() == delivered_.size() + folded.size() + queue_.parked().size());
    }

private:
    void add(const Step& s) {
        constexpr TransitionKind kKinds[] = {TransitionKind::kOpened, TransitionKind::kRaised, TransitionKind::kLowered,
                                             TransitionKind::kClosed};
        Notice n = notice_of("e" + std::to_string(s.episode), ++last_row_, kKinds[s.kind]);
        added_[n.key] = n;
        queue_.add(n, now_);
    }

    void take(std::size_t max) {
        const bool broken = queue_.is_broken();
        const auto taken = queue_.take(now_, max);
        RC_ASSERT(taken.size() <= max);
        if (broken) RC_ASSERT(taken.size() <= 1u);
        collect();
        for (const auto& notice : taken) {
            RC_ASSERT(under_way_.emplace(notice->key, notice->episode).second);
            // Nothing earlier of the episode may still wait or be on its way.
            for (const auto& [key, earlier] : added_) {
                if (!(key < notice->key)) break;
                const bool done = forgotten_.contains(key) || is_parked(key);
                RC_ASSERT(earlier.episode != notice->episode || done);
            }
        }
    }

    void answer(const Step& s) {
        auto it = under_way_.begin();
        std::advance(it, s.max % static_cast<int>(under_way_.size()));
        const RowKey key = it->first;
        if (s.answer < 8) return finish(key, Attempt::kDelivered, s.chance, std::nullopt);
        if (s.answer < 10) return finish(key, Attempt::kRefused, s.chance, std::nullopt);
        const Duration pause = std::chrono::seconds(s.answer);
        finish(key, Attempt::kBusy, s.chance, s.answer == 19 ? std::optional<Duration>(pause) : std::nullopt);
        if (s.answer == 19) RC_ASSERT(queue_.next_try() >= now_ + pause);
    }

    void finish(RowKey key, Attempt attempt, double chance, std::optional<Duration> retry_after) {
        under_way_.erase(key);
        if (attempt == Attempt::kDelivered) delivered_.insert(key);
        queue_.finish(key, attempt, "serverError", now_, chance, retry_after);
        collect();
    }

    void collect() {
        for (const RowKey& key : queue_.take_finished()) RC_ASSERT(forgotten_.insert(key).second);
    }
    [[nodiscard]] bool is_parked(const RowKey& key) const {
        for (const Parked& parked : queue_.parked()) {
            if (parked.notice->key == key) return true;
        }
        return false;
    }

    QueueLimits limits_;
    Queue queue_;
    Instant now_ = kNow;
    std::uint64_t last_row_ = 0;
    std::map<RowKey, Notice> added_;
    std::map<RowKey, std::string> under_way_;
    std::set<RowKey> delivered_, forgotten_;
};

RC_GTEST_PROP(QueueProperty, NothingIsLostAndNothingOvertakesInItsEpisode, ()) {
    Play play(*rc::gen::element<std::size_t>(3, 10, 1000));
    for (const Step& step : *histories()) play.step(step);
    play.drain();
    play.check_books();
}

RC_GTEST_PROP(QueueProperty, PauseStaysBetweenItsBounds, ()) {
    const QueueLimits limits;
    Queue queue(limits);
    queue.add(notice_of("a", 1), kNow);
    Instant now = kNow;
    const int failures = *rc::gen::inRange(1, 60);
    for (int i = 0; i < failures; ++i) {
        RC_ASSERT(queue.take(now, 1).size() == 1u);
        queue.finish({0, 1}, Attempt::kBusy, "serverError", now, *rc::gen::inRange(0, 1000) / 1000.0);
        const Duration pause = queue.next_try() - now;
        RC_ASSERT(pause >= limits.backoff_min);
        RC_ASSERT(pause <= (queue.is_broken() ? limits.breaker_pause : limits.backoff_max));
        now = queue.next_try();
    }
}

}  // namespace
}  // namespace tocsin::outbox
