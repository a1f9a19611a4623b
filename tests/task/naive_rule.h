#pragma once
/// Rules made at random, as text for the loader and as a few lines that recount everything from scratch: what the judge
/// is held against. Nothing here knows how the daemon counts.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace tocsin::task::naive {

using Millis = std::int64_t;
/// A value: missing, true or false, an amount (also of time: milliseconds), a text.
using Thing = std::variant<std::monostate, bool, double, std::string>;

struct Fact {
    std::string id, kind, customer, subscriber, category, corrects;  // corrects: the id of another; empty: none
    Millis time = 0;
    std::map<std::string, Thing> fields;

    [[nodiscard]] Thing get(const std::string& field) const {
        if (field == "time") return static_cast<double>(time);
        if (field == "category") return category.empty() ? Thing{} : Thing{category};
        const auto found = fields.find(field);
        return found == fields.end() ? Thing{} : found->second;
    }
};

/// The fields that facts of a kind have.
inline bool has_field(const std::string& kind, const std::string& field) {
    static const std::map<std::string, std::string> kFields = {
        {"a", "nxsfwd"}, {"b", "nfs"}, {"c", "x"}, {"event_reclassified", "nxsfwd"}};
    if (kind == "phase_change") return field == "phase";
    const auto found = kFields.find(kind);
    return found != kFields.end() && found->second.find(field) != std::string::npos;
}

/// A stretch of time that ends now: so long, or since a day ('d'), a week ('w') or a month ('m') began in Shanghai.
struct Window {
    Millis length = 0;
    char unit = 0;

    static constexpr Millis kDay = 86'400'000, kShanghai = 28'800'000;

    /// Days since 1970 on the calendars of Shanghai: the first of the unit that `t` lies in, and of the next.
    [[nodiscard]] std::pair<Millis, Millis> days_around(Millis t) const {
        const Millis day = (t + kShanghai) / kDay;
        if (unit == 'd') return {day, day + 1};
        if (unit == 'w') return {day - (day + 3) % 7, day - (day + 3) % 7 + 7};  // 1970 began on a Thursday
        Millis first = 0;
        for (int year = 1970, month = 1;; month = month % 12 + 1, year += month == 1) {
            const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            const int february = leap ? 29 : 28;
            const Millis days = month == 2 ? february : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
            if (first + days > day) return {first, first + days};
            first += days;
        }
    }
    [[nodiscard]] bool holds(Millis t, Millis now) const {
        if (unit == 0) return t <= now && t > now - length;
        return t <= now && t >= days_around(now).first * kDay - kShanghai;
    }
    /// When what happened at `t` leaves.
    [[nodiscard]] Millis end(Millis t) const {
        return unit == 0 ? t + length : days_around(t).second * kDay - kShanghai;
    }
    [[nodiscard]] Millis longest() const {
        const Millis days = unit == 'd' ? 1 : unit == 'w' ? 7 : 31;
        return unit == 0 ? length : days * kDay + 2 * 3'600'000;
    }
};

class Dice {
public:
    Dice(std::uint32_t seed, std::uint32_t stream) {
        std::seed_seq seeds{seed, stream};
        engine_.seed(seeds);
    }
    int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
    bool one_in(int n) { return below(n) == 0; }
    template <typename T>
    T of(std::initializer_list<T> choices) {
        return *(choices.begin() + below(static_cast<int>(choices.size())));
    }

private:
    std::mt19937_64 engine_;
};

struct Predicate {
    std::string text;
    std::function<bool(const Fact&)> holds;
};

inline Predicate any_predicate(Dice& dice) {
    const auto is = [](const char* field, const Thing& value) {
        return [=](const Fact& f) { return f.get(field) == value; };
    };
    const auto above_two = [](const Fact& f) {
        const Thing n = f.get("n");
        return std::holds_alternative<double>(n) && std::get<double>(n) > 2;
    };
    switch (dice.below(5)) {
        case 0:
            return {"f", is("f", true)};
        case 1:
            return {"not f", std::not_fn(is("f", true))};
        case 2:
            return {"n > 2", above_two};
        case 3:
            return {"s != \"u\"", std::not_fn(is("s", std::string("u")))};
        default:
            return {"category == \"x\" or n > 2", [=](const Fact& f) { return f.category == "x" || above_two(f); }};
    }
}

/// `fn(…) over …`.
struct Function {
    std::string fn, field, kind, text;
    Predicate predicate;
    int percent = 0;
    Window window;
    char type = 'n';  // n number, d duration, t time, s string, b bool

    [[nodiscard]] bool of_person() const { return fn == "seen" || fn == "attr"; }
};

inline std::string seconds(Millis ms) {
    return std::to_string(ms / 1000) + "s";
}

inline void choose_field(Function& f, Dice& dice, std::string types) {
    static const std::map<char, std::vector<std::string>> kFields = {
        {'n', {"n", "x"}}, {'d', {"d"}}, {'t', {"w", "time"}}, {'s', {"s", "category"}}, {'b', {"f"}}};
    f.type = types[static_cast<std::size_t>(dice.below(static_cast<int>(types.size())))];
    const auto& fields = kFields.at(f.type);
    f.field = fields[static_cast<std::size_t>(dice.below(static_cast<int>(fields.size())))];
}

inline Function any_function(Dice& dice, Window within, Millis retention) {
    Function f;
    f.fn = dice.of<const char*>({"count", "distinct", "sum", "avg", "any", "all", "ratio", "min", "max", "first",
                                 "last", "quantile", "seen", "attr"});
    std::string argument;
    if (f.fn == "seen") {
        f.type = 'b';
        f.kind = dice.of<const char*>({"a", "b", "c"});
        f.window.length = dice.of<Millis>({4000, 15'000, 40'000});
        f.text = "seen(" + f.kind + ", " + seconds(f.window.length) + ")";
        return f;
    }
    if (f.fn == "any" || f.fn == "all" || f.fn == "ratio") {
        f.type = f.fn == "ratio" ? 'n' : 'b';
        f.predicate = any_predicate(dice);
        argument = f.predicate.text;
    } else if (f.fn != "count") {
        const bool amount = f.fn == "sum" || f.fn == "avg";
        choose_field(f, dice,
                     amount                           ? "nnd"
                     : f.fn == "quantile"             ? "nndt"
                     : f.fn == "min" || f.fn == "max" ? "nndts"
                                                      : "nndtsb");
        argument = f.field;
        if (f.fn == "distinct") f.type = 'n';
    }
    if (f.fn == "quantile") {
        f.percent = dice.below(101);
        argument += ", " + std::to_string(f.percent) + "%";
    }
    f.window = f.fn == "attr" ? Window{retention} : within;
    f.text = f.fn + "(" + argument + ")";
    if (dice.one_in(2)) {
        f.window = {dice.of<Millis>({3000, 10'000, 20'000, 45'000})};
        f.text += " over " + seconds(f.window.length);
    }
    return f;
}

/// What the function gives at `now`. `facts` ascend by time, those of one instant in order of arrival; for seen and
/// attr they are the person's, else the ones that count.
inline Thing recount(const Function& f, const std::vector<const Fact*>& facts, Millis now) {
    std::vector<Thing> values;
    double rows = 0, answers = 0, sum = 0;
    for (const Fact* fact : facts) {
        if (!f.window.holds(fact->time, now)) continue;
        if (f.fn == "seen" && fact->kind != f.kind) continue;
        ++rows;
        if (f.predicate.holds && f.predicate.holds(*fact)) ++answers;
        const Thing value = f.field.empty() ? Thing{} : fact->get(f.field);
        if (value.index() != 0) values.push_back(value);
        if (const auto* amount = std::get_if<double>(&value)) sum += *amount;
    }
    if (f.fn == "count") return rows;
    if (f.fn == "any") return answers > 0;
    if (f.fn == "seen") return rows > 0;
    if (f.fn == "all") return rows == 0 ? Thing{} : Thing{answers == rows};
    if (f.fn == "ratio") return rows == 0 ? Thing{} : Thing{answers / rows};
    if (f.fn == "sum") return sum;
    if (f.fn == "distinct") {
        std::sort(values.begin(), values.end());
        return static_cast<double>(std::unique(values.begin(), values.end()) - values.begin());
    }
    if (values.empty()) return {};
    const auto n = static_cast<double>(values.size());
    if (f.fn == "avg") return f.type == 'd' ? std::round(sum / n) : sum / n;
    if (f.fn == "first") return values.front();
    if (f.fn == "last" || f.fn == "attr") return values.back();
    std::sort(values.begin(), values.end());
    if (f.fn == "min") return values.front();
    if (f.fn == "max") return values.back();
    std::size_t rank = 1;  // the smallest value that at least so many percent of them do not exceed
    while (rank * 100 < static_cast<std::size_t>(f.percent) * values.size()) ++rank;
    return values[rank - 1];
}

}  // namespace tocsin::task::naive
