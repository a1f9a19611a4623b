// What is said about levels, against an evaluation of every pair of small counts: nothing is said that is not so, and
// of levels made of comparisons with constants everything that is so is said.
#include "lint/levels.h"

#include <gtest/gtest.h>

#include <random>

#include "rules/compile.h"

namespace tocsin::lint {
namespace {

constexpr int kCountMax = 12;  // constants below go to 8

class RandomLevels {
public:
    explicit RandomLevels(unsigned seed) : random_(seed) {}

    std::string level(int depth) {
        const int choice = depth == 0 ? 0 : number(4);
        if (choice == 1) return "(" + level(depth - 1) + " and " + level(depth - 1) + ")";
        if (choice == 2) return "(" + level(depth - 1) + " or " + level(depth - 1) + ")";
        if (choice == 3) return "not (" + level(depth - 1) + ")";
        static const char* operators[] = {">=", ">", "==", "!=", "<=", "<"};
        return std::string(number(2) == 0 ? "n" : "m") + " " + operators[number(number(3) == 0 ? 6 : 2)] + " " +
               std::to_string(1 + number(8));
    }
    int number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

private:
    std::mt19937 random_;
};

/// The same from counting everything.
std::vector<std::pair<LevelFault::Kind, Level>> recount(const Rule& rule) {
    std::array<bool, kLevels> holds{}, fails{}, is_highest{};
    std::array<std::array<bool, kLevels>, kLevels> alone{};
    for (int n = 0; n <= kCountMax; ++n) {
        for (int m = 0; m <= kCountMax; ++m) {
            const std::array<Value, 2> values = {Value::of_int(n), Value::of_int(m)};
            EvalContext context;
            context.measures = values;
            std::array<bool, kLevels> now{};
            for (std::size_t l = 1; l < kLevels; ++l) now[l] = rule.levels[l] && rule.levels[l]->holds(context);
            for (std::size_t a = 1; a < kLevels; ++a) {
                (now[a] ? holds : fails)[a] = true;
                bool higher = false;
                for (std::size_t b = a + 1; b < kLevels; ++b) higher |= now[b];
                is_highest[a] |= now[a] && !higher;
                for (std::size_t b = 1; b < kLevels; ++b) alone[a][b] |= now[a] && !now[b];
            }
        }
    }
    std::vector<std::pair<LevelFault::Kind, Level>> faults;
    for (std::size_t l = 1; l < kLevels; ++l) {
        if (!rule.levels[l]) continue;
        const Level level = static_cast<Level>(l);
        if (!holds[l]) {
            faults.emplace_back(LevelFault::Kind::kNever, level);
            continue;
        }
        if (!fails[l]) faults.emplace_back(LevelFault::Kind::kAlways, level);
        if (is_highest[l]) continue;
        bool easier = false;
        for (std::size_t h = l + 1; h < kLevels; ++h) easier |= rule.levels[h] && !alone[l][h] && alone[h][l];
        faults.emplace_back(easier ? LevelFault::Kind::kEasier : LevelFault::Kind::kCovered, level);
    }
    return faults;
}

TEST(LevelFaults, EqualARecountOfAllCounts) {
    const EventSchema schema = EventSchema::builtin();
    const rules::Scope scope{schema, {*schema.kind("complaint")}, true, false, std::chrono::days(7)};
    std::size_t with_faults = 0;
    for (unsigned seed = 0; seed < 3000; ++seed) {
        RandomLevels random(seed);
        Rule rule;
        rules::Fault fault;
        rule.measures.push_back(*rules::compile_measure("n", "count()", scope, fault));
        rule.measures.push_back(*rules::compile_measure("m", "distinct(channel)", scope, fault));
        std::string texts;
        for (std::size_t l = 1; l < kLevels; ++l) {
            if (random.number(3) == 0) continue;
            const std::string text = random.level(2);
            rule.levels[l] = rules::compile_level(text, scope, rule.measures, fault);
            ASSERT_TRUE(rule.levels[l]) << text << ": " << fault.message;
            texts += std::string(level_name(static_cast<Level>(l))) + ": " + text + "\n";
        }
        std::vector<std::pair<LevelFault::Kind, Level>> said;
        for (const LevelFault& f : level_faults(rule, {}, schema)) said.emplace_back(f.kind, f.level);
        EXPECT_EQ(said, recount(rule)) << "seed " << seed << "\n" << texts;
        with_faults += said.empty() ? 0 : 1;
    }
    EXPECT_GE(with_faults, 500u) << "the random levels have something to find";
}

}  // namespace
}  // namespace tocsin::lint
