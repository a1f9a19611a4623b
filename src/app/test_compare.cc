#include "app/test_compare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "base/times.h"
#include "yaml/source.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kShownMax = 20;  ///< differences of one check

std::optional<double> number_of(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Measures are compared as what they are: 0.50 is 0.5, and 90m is 1h30m.
bool same(const Fact& wanted, const Fact& got) {
    if (wanted.text == got.text) return true;
    if (wanted.part != Part::kMeasure) return false;
    const auto a = number_of(wanted.text), b = number_of(got.text);
    if (a && b) return std::abs(*a - *b) <= 1e-9 * std::max(std::abs(*a), std::abs(*b));
    const auto x = parse_duration(wanted.text), y = parse_duration(got.text);
    return x && y && *x == *y;
}

const Fact* find(const Facts& facts, const Fact& like) {
    const auto found = std::find_if(facts.begin(), facts.end(),
                                    [&](const Fact& f) { return f.part == like.part && f.name == like.name; });
    return found == facts.end() ? nullptr : &*found;
}

/// How far the two are from each other; 0: they fit. Another subject, another kind of transition is farther than
/// another time, level or number: beside what was expected a reader sees what it most likely became.
std::size_t distance(const Facts& wanted, const Facts& got) {
    std::size_t sum = 0;
    for (const Fact& w : wanted) {
        const Fact* g = find(got, w);
        if (g != nullptr && same(w, *g)) continue;
        const bool is_heavy = (w.part == Part::kLabel && w.name != "level") || w.name == "transition";
        sum += is_heavy ? 4 : 1;
    }
    return sum;
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// As many pairs as can be made of wanted and got that fit: for each of got its partner.
std::vector<std::size_t> pair_up(const std::vector<Facts>& wanted, const std::vector<Facts>& got) {
    std::vector<std::size_t> partner(got.size(), kNone);
    std::vector<bool> tried;
    const std::function<bool(std::size_t)> place = [&](std::size_t w) {
        for (std::size_t g = 0; g < got.size(); ++g) {
            if (tried[g] || distance(wanted[w], got[g]) > 0) continue;
            tried[g] = true;
            if (partner[g] != kNone && !place(partner[g])) continue;
            partner[g] = w;
            return true;
        }
        return false;
    };
    for (std::size_t w = 0; w < wanted.size(); ++w) {
        tried.assign(got.size(), false);
        place(w);
    }
    return partner;
}

std::string padded(const std::string& text, int columns) {
    return text + std::string(static_cast<std::size_t>(std::max(0, columns - yaml::terminal_columns(text))), ' ');
}

struct Row {
    std::string name, wanted, got;
    bool differs = false;
};

std::string table(std::vector<Row> rows) {
    rows.insert(rows.begin(), {"", "expected", "got"});
    int names = 0, left = 0, right = 0;
    for (const Row& row : rows) {
        names = std::max(names, yaml::terminal_columns(row.name));
        left = std::max(left, yaml::terminal_columns(row.wanted));
        right = std::max(right, yaml::terminal_columns(row.got));
    }
    std::string out;
    for (const Row& row : rows) {
        std::string line = "      " + padded(row.name, names + 2) + padded(row.wanted, left + 2);
        line += row.differs ? padded(row.got, right + 2) + "<--" : row.got;
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

std::string beside(const Facts& wanted, const Facts& got) {
    std::vector<Row> rows;
    for (const Fact& w : wanted) {
        const Fact* g = find(got, w);
        rows.push_back({w.name, w.text, g == nullptr ? "(none)" : g->text, g == nullptr || !same(w, *g)});
    }
    return table(std::move(rows));
}

/// `customer=c1 level=yellow n=3`, without texts.
std::string in_one_line(const Facts& facts) {
    std::string out;
    for (const Fact& f : facts) {
        if (f.part != Part::kAnnotation && f.name != "alertname")
            out += (out.empty() ? "" : " ") + f.name + "=" + f.text;
    }
    return out.empty() ? "anything" : out;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

}  // namespace

std::string moment_text(Instant at, Instant start) {
    return (at >= start ? format_duration(at - start) + " (" + format_rfc3339(at) + ")" : format_rfc3339(at));
}

Facts facts_of(const Wanted& wanted) {
    Facts facts;
    for (const auto& [name, text] : wanted.labels) facts.push_back({Part::kLabel, name, text});
    for (const auto& [name, text] : wanted.measures) facts.push_back({Part::kMeasure, name, text});
    for (const auto& [name, text] : wanted.annotations) facts.push_back({Part::kAnnotation, name, text});
    return facts;
}

Facts facts_of(const WantedTransition& wanted, Instant start) {
    Facts facts = {{Part::kWhen, "at", moment_text(wanted.at, start)},
                   {Part::kWhen, "transition", std::string(transition_name(wanted.kind))}};
    if (wanted.reason) facts.push_back({Part::kWhen, "reason", std::string(close_reason_name(*wanted.reason))});
    for (Fact& fact : facts_of(wanted.wanted)) facts.push_back(std::move(fact));
    return facts;
}

Facts facts_of_alert(const Transition& t) {
    Facts facts;
    for (const auto& field : t.subject) facts.push_back({Part::kLabel, field.name, field.plain});
    const auto add = [&](const std::string& name, std::string text) {
        const Fact fact{Part::kLabel, name, std::move(text)};
        if (find(facts, fact) == nullptr) facts.push_back(fact);
    };
    // A closed episode is still called by the level it had.
    add("level", std::string(level_name(t.kind == TransitionKind::kClosed ? t.previous_level : t.level)));
    if (!t.area.empty()) add("area", t.area);
    for (const auto& [name, value] : t.measures) facts.push_back({Part::kMeasure, name, measure_text(value)});
    add("raises", t.is_case ? "case" : "warning");
    add("alertname", t.rule);
    for (const auto& [name, value] : t.labels) add(name, value);
    for (const auto& [name, text] : t.annotations) facts.push_back({Part::kAnnotation, name, text});
    return facts;
}

Facts facts_of_transition(const Transition& t, Instant start) {
    Facts facts = {{Part::kWhen, "at", moment_text(t.at, start)},
                   {Part::kWhen, "transition", std::string(transition_name(t.kind))}};
    if (t.kind == TransitionKind::kClosed)
        facts.push_back({Part::kWhen, "reason", std::string(close_reason_name(t.reason))});
    for (Fact& fact : facts_of_alert(t)) facts.push_back(std::move(fact));
    return facts;
}

std::string differences(const std::vector<Facts>& wanted, const std::vector<Facts>& got) {
    const std::vector<std::size_t> partner = pair_up(wanted, got);
    std::vector<std::size_t> left;  // of got: nobody's partner
    for (std::size_t g = 0; g < got.size(); ++g)
        if (partner[g] == kNone) left.push_back(g);
    std::string out;
    std::vector<Row> alone;  // with nothing on the other side
    std::size_t shown = 0;
    for (std::size_t w = 0; w < wanted.size(); ++w) {
        if (std::find(partner.begin(), partner.end(), w) != partner.end()) continue;
        const auto nearest = std::min_element(left.begin(), left.end(), [&](std::size_t a, std::size_t b) {
            return distance(wanted[w], got[a]) < distance(wanted[w], got[b]);
        });
        if (nearest == left.end() || shown == kShownMax) {
            alone.push_back({"", in_one_line(wanted[w]), "(nothing)", true});
            continue;
        }
        ++shown;
        out += beside(wanted[w], got[*nearest]);
        left.erase(nearest);
    }
    for (const std::size_t g : left) alone.push_back({"", "(nothing)", in_one_line(got[g]), true});
    const std::size_t more = alone.size() > kShownMax ? alone.size() - kShownMax : 0;
    alone.resize(alone.size() - more);
    if (!alone.empty()) out += table(std::move(alone));
    return more == 0 ? out : out + "      and " + std::to_string(more) + " more\n";
}

std::string differing_lines(const std::string& wanted, const std::string& got) {
    const std::vector<std::string> a = lines_of(wanted), b = lines_of(got);
    std::size_t begin = 0, end = 0;  // of what is common at the beginning and at the end
    while (begin < std::min(a.size(), b.size()) && a[begin] == b[begin]) ++begin;
    while (end < std::min(a.size(), b.size()) - begin && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;
    std::string out;
    const std::size_t rows = std::max(a.size(), b.size()) - end;
    for (std::size_t i = begin; i < std::min(rows, begin + kShownMax); ++i) {
        out += "      line " + std::to_string(i + 1) + "\n";
        out += "        expected  " + (i + end < a.size() ? a[i] : "(nothing)") + "\n";
        out += "        got       " + (i + end < b.size() ? b[i] : "(nothing)") + "\n";
    }
    if (rows > begin + kShownMax) out += "      and " + std::to_string(rows - begin - kShownMax) + " more lines\n";
    return out;
}

}  // namespace tocsin::app
