/// Tasks that a power cut takes back to different points: areas are judged as if nothing had happened.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "disk.h"
#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kTasks = 4;
constexpr const char* kRules = R"(groups:
- name: g
  rules:
  - alert: Surge
    on: complaint
    by: [area]
    within: 1h
    measures: {people: distinct(customer)}
    levels: {yellow: people >= 8, orange: people >= 16, red: people >= 30}
    keep_firing_for: 30m
    raises: warning
)";

Instant at(std::int64_t millis) {
    return from_millis(1'458'561'600'000 + millis);
}

struct Complaint {
    std::string id, customer, area;
    Instant time;
    std::uint32_t task = 0;
};

/// What of one warning does not depend on the order between tasks: its place, its highest level, about when it opened.
struct Warning {
    std::string area;
    Level highest = Level::kNone;
    std::int64_t minute = 0;
};

/// One task as it lies on the disk.
struct Stored {
    Rows rows;
    std::size_t next = 0;  ///< of the task's own events
    std::vector<Transition> made;
};

class PowerCutTest : public testing::Test {
protected:
    void SetUp() override { rules_ = rules_of(schema_, kRules); }

    /// Half a day of a few people everywhere, and crowds of different size that come and go.
    void complain(std::mt19937_64& random) {
        std::vector<std::pair<std::int64_t, std::string>> plan;
        const auto below = [&](std::int64_t n) {
            return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
        };
        for (int i = 0; i < 200; ++i) plan.emplace_back(below(12 * 3'600'000), "p/c" + std::to_string(below(4)));
        for (int crowd = 0; crowd < 6; ++crowd) {
            const std::int64_t begin = below(11 * 3'600'000), people = std::int64_t{12} << below(3);
            const std::string area = "p/c" + std::to_string(below(4));
            for (int i = 0; i < people; ++i) plan.emplace_back(begin + below(20 * 60'000), area);
        }
        std::sort(plan.begin(), plan.end());
        for (std::vector<Complaint>& of_task : log_) of_task.clear();
        for (std::size_t i = 0; i < plan.size(); ++i) {
            const auto task = static_cast<std::uint32_t>(random() % kTasks);
            log_[task].push_back(
                {"e" + std::to_string(i), "c" + std::to_string(i), plan[i].second, at(plan[i].first), task});
        }
    }

    /// One life from what is stored: reads until `events` were applied or all are. With `kill` it may end within a
    /// commit.
    class Life {
    public:
        explicit Life(PowerCutTest& test)
            : test_(test), setting_{test.schema_, areas_, test.pseudonyms_, {}, kTasks}, tasks_(setting_) {
            for (std::uint32_t i = 0; i < kTasks; ++i) {
                const Stored& stored = test_.disk_[i].back();
                for (const auto& [key, value] : stored.rows) EXPECT_TRUE(tasks_.task(i).load(key, value).ok());
                now_[i] = stored;
            }
            tasks_.adopt(test_.rules_);
            is_on_disk();
        }
        bool step() {
            const Complaint* first = nullptr;
            for (std::uint32_t i = 0; i < kTasks; ++i) {
                if (now_[i].next == test_.log_[i].size()) continue;
                const Complaint& head = test_.log_[i][now_[i].next];
                if (first == nullptr || head.time < first->time) first = &head;
            }
            if (first == nullptr) return false;
            Event event;
            event.kind = *test_.schema_.kind("complaint");
            event.time = first->time;
            event.id = first->id;
            event.customer = first->customer;
            event.area = first->area;
            tasks_.task(first->task).advance(event.time - 1min);
            tasks_.apply(first->task, event);
            ++now_[first->task].next;
            return true;
        }
        /// Writes the first `written` tasks; then, if something is to be told, syncs the first `synced` of them.
        void commit(std::uint32_t written, std::uint32_t synced) {
            bool rows = false;
            for (std::uint32_t i = 0; i < written; ++i) {
                for (Transition& t : tasks_.task(i).take_transitions()) {
                    now_[i].made.push_back(std::move(t));
                    rows = true;
                }
                put_on_disk(tasks_.task(i), now_[i].rows);
                test_.disk_[i].push_back(now_[i]);
            }
            if (!rows || written < kTasks) return;
            for (std::uint32_t i = 0; i < synced; ++i)
                test_.disk_[i].erase(test_.disk_[i].begin(), test_.disk_[i].end() - 1);
            if (synced == kTasks) is_on_disk();
        }
        void finish() {
            tasks_.finish(tasks_.highest());
            commit(kTasks, kTasks);
        }

    private:
        void is_on_disk() {
            if (test_.forgets_) return;
            Instant oldest = kNever;
            for (std::uint32_t i = 0; i < kTasks; ++i) oldest = std::min(oldest, tasks_.task(i).clock());
            for (std::uint32_t i = 0; i < kTasks; ++i) tasks_.task(i).keep_cells_from(oldest);
        }
        PowerCutTest& test_;
        AreaTree areas_;
        Setting setting_;
        TaskGroup tasks_;
        std::array<Stored, kTasks> now_;
    };

    void wipe() {
        for (auto& disk : disk_) disk.assign(1, Stored{});
    }
    /// Each task keeps what was synced and a part of what followed.
    void cut(std::mt19937_64& random) {
        for (auto& disk : disk_) disk.resize(1 + random() % disk.size());
        for (auto& disk : disk_) disk.erase(disk.begin(), disk.end() - 1);
    }
    void many_short_lives(std::mt19937_64& random) {
        for (int lives = 0; lives < 30; ++lives) {
            Life life(*this);
            const std::size_t commits = random() % 6;
            for (std::size_t c = 0; c < commits; ++c) {
                for (std::size_t n = random() % 40; n > 0; --n) life.step();
                const bool dies = c + 1 == commits;
                const auto written = static_cast<std::uint32_t>(dies ? random() % (kTasks + 1) : kTasks);
                const auto synced = static_cast<std::uint32_t>(dies ? random() % (kTasks + 1) : kTasks);
                life.commit(written, synced);
            }
            if (random() % 3 > 0) cut(random);
        }
    }
    /// Empty: the same warnings as without a cut, opened in the same minute or the one beside it.
    std::string difference(std::uint64_t seed) {
        std::mt19937_64 random(seed);
        complain(random);
        wipe();
        live_to_the_end();
        const auto expected = warnings();
        wipe();
        many_short_lives(random);
        live_to_the_end();
        const auto got = warnings();
        const auto alike = [](const Warning& a, const Warning& b) {
            return a.area == b.area && a.highest == b.highest && std::abs(a.minute - b.minute) <= 1;
        };
        const bool same = std::equal(got.begin(), got.end(), expected.begin(), expected.end(), alike);
        return same ? "" : "expected\n" + text(expected) + "got\n" + text(got);
    }
    void live_to_the_end() {
        Life life(*this);
        for (int n = 0; life.step(); ++n) {
            if (n % 40 == 39) life.commit(kTasks, kTasks);
        }
        life.finish();
    }
    std::vector<Warning> warnings() const {
        std::map<std::string, Warning> found;
        for (const auto& disk : disk_) {
            for (const Transition& t : disk.back().made) {
                Warning& w = found[t.episode_id];
                w.area = t.area;
                w.highest = std::max(w.highest, t.level);
                if (t.kind == TransitionKind::kOpened) w.minute = to_millis(t.at) / 60'000;
            }
        }
        std::vector<Warning> all;
        for (auto& [id, w] : found) all.push_back(w);
        std::sort(all.begin(), all.end(), [](const Warning& a, const Warning& b) {
            return std::tie(a.area, a.minute) < std::tie(b.area, b.minute);
        });
        return all;
    }
    static std::string text(const std::vector<Warning>& all) {
        std::string out;
        for (const Warning& w : all)
            out += w.area + " " + std::string(level_name(w.highest)) + " " + std::to_string(w.minute) + "\n";
        return out;
    }

    EventSchema schema_ = EventSchema::builtin();
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    std::shared_ptr<const RuleSet> rules_;
    bool forgets_ = false;  // cells that a task which was taken back would ask for
    std::array<std::vector<Complaint>, kTasks> log_;
    std::array<std::vector<Stored>, kTasks>
        disk_;  // what is on the disk, the newest last; the first survives everything
};

TEST_F(PowerCutTest, ManyCutsGiveTheWarningsOfAnUninterruptedLife) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) EXPECT_EQ(difference(seed), "") << "seed " << seed;
}

TEST_F(PowerCutTest, TheyWouldNotIfCellsWereForgottenBeforeTheLastSync) {
    forgets_ = true;
    int different = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) different += difference(seed).empty() ? 0 : 1;
    EXPECT_GT(different, 0);
}

}  // namespace
}  // namespace tocsin::task
