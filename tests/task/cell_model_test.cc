/// What cells say of a place, against counting all events again at every step; people spread over two tasks, some late.

#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <set>

#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRule = R"(groups:
- name: g
  rules:
  - alert: R
    on: [hotline_rating, walk_in]
    by: [area]
    within: 10m
    measures:
      n: count()
      n3h: count() over 3h
      people: distinct(customer)
      people2d: distinct(customer) over 2d
      total: sum(score)
      total3h: sum(score) over 3h
      mean: avg(score)
      mean3h: avg(score) over 3h
      solved: ratio(solved)
      solved2d: ratio(solved) over 2d
      some: any(score > 4)
    levels: {red: n3h >= 1}
    keep_firing_for: 30d
)";

struct Rating {
    Instant time;
    std::string id, customer;
    std::optional<int> score;
    std::optional<bool> solved;
};

std::vector<Rating> any_ratings(std::uint32_t seed, int steps) {
    std::mt19937 dice(seed);
    const auto below = [&dice](unsigned n) { return static_cast<int>(dice() % n); };
    std::vector<Rating> ratings;
    Instant time = from_millis(1'458'561'600'000);
    for (int i = 0; i < steps; ++i) {
        time +=
            std::chrono::seconds(std::vector<int>{61, 90, 200, 1000, 9000, 40'000}[static_cast<std::size_t>(below(6))]);
        Rating r{time - std::chrono::seconds(below(3) == 0 ? below(600) : 0), "e" + std::to_string(i),
                 "c" + std::to_string(below(4)), std::nullopt, std::nullopt};
        if (below(3) != 0) r.score = below(6);
        if (below(3) != 0) r.solved = below(2) == 0;
        ratings.push_back(std::move(r));
    }
    return ratings;
}

/// The values of all measures in the order of the rule, as the bucket of `now` sees them.
std::vector<std::string> recount(const std::vector<Rating>& ratings, std::size_t known, Instant now) {
    const auto number = [](double part, double whole) { return whole == 0 ? "nothing" : std::to_string(part / whole); };
    std::vector<std::string> n, people, total, mean, solved;
    bool some = false;
    for (const Duration window : {Duration(10min), Duration(3h), Duration(48h)}) {
        const Duration width = window == 10min ? Duration(1min) : window == 3h ? Duration(5min) : Duration(1h);
        const Duration end = (now.time_since_epoch() / width + 1) * width;
        std::set<std::string> met;
        double events = 0, sum = 0, scores = 0, yes = 0;
        for (std::size_t i = 0; i < known; ++i) {
            const Rating& r = ratings[i];
            if (r.time.time_since_epoch() >= end || r.time.time_since_epoch() < end - window) continue;
            ++events;
            met.insert(r.customer);
            sum += r.score.value_or(0);
            scores += r.score ? 1 : 0;
            yes += r.solved.value_or(false) ? 1 : 0;
            some = some || (window == 10min && r.score.value_or(0) > 4);
        }
        n.push_back(std::to_string(static_cast<int>(events)));
        people.push_back(std::to_string(met.size()));
        total.push_back(number(sum, 1));
        mean.push_back(number(sum, scores));
        solved.push_back(number(yes, events));
    }
    return {n[0],
            n[1],
            people[0],
            people[2],
            total[0],
            total[1],
            mean[0],
            mean[1],
            solved[0],
            solved[2],
            some ? "true" : "false"};
}

std::string shown(const Value& v) {
    if (v.is_missing()) return "nothing";
    if (v.type == Value::Type::kBool) return v.boolean ? "true" : "false";
    return v.type == Value::Type::kNumber ? std::to_string(v.number) : std::to_string(v.integer);
}

class Place {
public:
    Place() { tasks_.adopt(rules_of(schema_, kRule)); }
    /// Applies it and answers what was told then.
    std::vector<Transition> give(const Rating& r) {
        std::vector<FieldValue> fields;
        if (r.score) fields.push_back({*schema_.field("score"), Value::of_int(*r.score)});
        if (r.solved) fields.push_back({*schema_.field("solved"), Value::of(*r.solved)});
        Event event;
        event.kind = *schema_.kind("hotline_rating");
        event.time = r.time;
        event.id = r.id;
        event.customer = event.subscriber = r.customer;
        event.area = "north";
        event.fields = fields;
        highest_ = std::max(highest_, r.time);
        for (std::uint32_t i = 0; i < 2; ++i) tasks_.task(i).advance(highest_ - 10min);
        tasks_.apply(r.customer < "c2" ? 0 : 1, event);
        std::vector<Transition> told;
        for (std::uint32_t i = 0; i < 2; ++i) {
            for (Transition& t : tasks_.task(i).take_transitions()) told.push_back(std::move(t));
        }
        return told;
    }

private:
    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {}, 2};
    TaskGroup tasks_{setting_};
    Instant highest_ = kBeforeAll;
};

RC_GTEST_PROP(CellModel, EveryMeasureOfAPlaceEqualsARecount, ()) {
    const auto seed = *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>()));
    const std::vector<Rating> ratings = any_ratings(seed, *rc::gen::inRange(1, 40));
    Place place;
    std::size_t told = 0;
    for (std::size_t i = 0; i < ratings.size(); ++i) {
        for (const Transition& t : place.give(ratings[i])) {
            std::vector<std::string> values;
            for (const auto& [name, owned] : t.measures) values.push_back(shown(owned.value));
            RC_ASSERT(values == recount(ratings, i + 1, t.at));
            ++told;
        }
    }
    RC_ASSERT(told > 0u);
}

}  // namespace
}  // namespace tocsin::task
