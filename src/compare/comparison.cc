#include "compare/comparison.h"

#include <algorithm>
#include <tuple>

#include "base/calendar.h"

namespace tocsin::compare {
namespace {

Change change_of(Flag before, Flag after) {
    Change change;
    change.earlier = after.opened_at < before.opened_at;
    change.later = after.opened_at > before.opened_at;
    change.raised = after.highest > before.highest;
    change.lowered = after.highest < before.highest;
    change.before = std::move(before);
    change.after = std::move(after);
    return change;
}

Change only(std::optional<Flag> before, std::optional<Flag> after) {
    Change change;
    change.before = std::move(before);
    change.after = std::move(after);
    return change;
}

bool differs(const Change& c) {
    return c.added() || c.removed() || c.earlier || c.later || c.raised || c.lowered ||
           c.new_pages() + c.lost_pages() > 0;
}

auto place(const Flag& flag) {
    return std::tie(flag.rule, flag.subject);
}

bool over_before(const Flag& flag, const Flag& other) {
    return flag.opened_at < other.opened_at && flag.closed_at <= other.opened_at;
}

// Both lists are ascending by rule, subject and opening, and no two flags of a subject on one side are open at once:
// what ends before the other's next begins has no counterpart.
template <typename Visit>
void pair_up(std::vector<Flag>& before, std::vector<Flag>& after, const Visit& visit) {
    auto b = before.begin();
    auto a = after.begin();
    while (b != before.end() || a != after.end()) {
        const bool b_alone = b != before.end() && (a == after.end() || place(*b) < place(*a) ||
                                                   (place(*b) == place(*a) && over_before(*b, *a)));
        const bool a_alone = a != after.end() && (b == before.end() || place(*a) < place(*b) ||
                                                  (place(*a) == place(*b) && over_before(*a, *b)));
        if (b_alone)
            visit(only(std::move(*b++), std::nullopt));
        else if (a_alone)
            visit(only(std::nullopt, std::move(*a++)));
        else
            visit(change_of(std::move(*b++), std::move(*a++)));
    }
}

void add_side(Side& side, const Flag& flag, Instant from) {
    side.pages += flag.pages.size();
    if (flag.opened_at < from) return;
    ++side.flags;
    if (flag.is_case && !flag.experimental) ++side.cases;
}

// What happened before the time that is compared has filled the state and counts for nothing itself.
void forget_before(Flag& flag, Instant from) {
    std::erase_if(flag.pages, [from](Instant page) { return page < from; });
}

bool is_past(const std::optional<Flag>& flag, Instant from) {
    return !flag || (flag->opened_at < from && flag->pages.empty());
}

std::string day_of(const Zone& zone, Instant at) {
    return format_day(std::chrono::floor<std::chrono::days>(zone.local(at)));
}

}  // namespace

std::string_view fate_name(RuleFate fate) {
    switch (fate) {
        case RuleFate::kSame:
            return "same";
        case RuleFate::kChanged:
            return "changed";
        case RuleFate::kNew:
            return "new";
        case RuleFate::kGone:
            return "gone";
    }
    return "";
}

std::size_t Change::new_pages() const {
    const std::size_t old = before ? before->pages.size() : 0, now = after ? after->pages.size() : 0;
    return now > old ? now - old : 0;
}

std::size_t Change::lost_pages() const {
    const std::size_t old = before ? before->pages.size() : 0, now = after ? after->pages.size() : 0;
    return old > now ? old - now : 0;
}

void Tally::add(const Change& c, Instant from) {
    if (c.before) add_side(before, *c.before, from);
    if (c.after) add_side(after, *c.after, from);
    added += c.added();
    removed += c.removed();
    earlier += c.earlier;
    later += c.later;
    raised += c.raised;
    lowered += c.lowered;
    new_pages += c.new_pages();
    lost_pages += c.lost_pages();
}

double Comparison::weeks() const {
    const Duration span = std::max<Duration>(terms.to - terms.from, std::chrono::days(1));
    return std::chrono::duration<double, std::chrono::weeks::period>(span).count();
}

Comparison compare(std::vector<Flag> before, std::vector<Flag> after, Terms terms) {
    Comparison result;
    result.terms = std::move(terms);
    const Instant from = result.terms.from;
    for (const auto& [rule, fate] : result.terms.rules) result.rules[rule];
    for (Flag& flag : before) forget_before(flag, from);
    for (Flag& flag : after) forget_before(flag, from);
    pair_up(before, after, [&](Change change) {
        if (is_past(change.before, from) && is_past(change.after, from)) return;
        result.total.add(change, from);
        const Flag& shown = change.shown();
        result.rules[shown.rule].add(change, from);
        result.areas[shown.area].add(change, from);
        result.days[day_of(result.terms.zone, std::max(shown.opened_at, from))].add(change, from);
        if (differs(change)) result.changes.push_back(std::move(change));
    });
    std::stable_sort(result.changes.begin(), result.changes.end(), [](const Change& x, const Change& y) {
        return std::tie(x.shown().opened_at, x.shown().rule, x.shown().subject) <
               std::tie(y.shown().opened_at, y.shown().rule, y.shown().subject);
    });
    return result;
}

}  // namespace tocsin::compare
