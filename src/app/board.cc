#include "app/board.h"

#include <algorithm>

#include "base/times.h"
#include "yaml/source.h"

namespace tocsin::app {
namespace {

/// Filled up to so many columns of a terminal, and at least one blank.
std::string pad(std::string_view text, int columns) {
    const int missing = columns - yaml::terminal_columns(text);
    return std::string(text) + std::string(static_cast<std::size_t>(missing > 0 ? missing : 1), ' ');
}

/// Not wider than so many columns: what is cut away leaves an ellipsis.
std::string cut(std::string text, int columns) {
    if (columns <= 0 || yaml::terminal_columns(text) <= columns) return text;
    while (!text.empty() && yaml::terminal_columns(text) >= columns) {
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
        if (!text.empty()) text.pop_back();
    }
    return text + "…";
}

/// 2026-03-12T02:44:09Z as 2026-03-12 02:44.
std::string to_the_minute(Instant at) {
    std::string text = format_rfc3339(at).substr(0, 16);
    text[10] = ' ';
    return text;
}

/// In the ink of its level, for a terminal.
std::string coloured(const std::string& text, Level level) {
    static constexpr std::array<const char*, kLevels> kInks{"", "\x1b[34m", "\x1b[33m", "\x1b[38;5;208m", "\x1b[31m"};
    return kInks[static_cast<std::size_t>(level)] + text + "\x1b[0m";
}

}  // namespace

std::string Board::area_of(std::string_view code) const {
    for (AreaId id = 1; id < areas_.size(); ++id) {
        const Area& area = areas_.area(id);
        if (area.code == code) return area.code + " " + (area.name_zh.empty() ? area.name : area.name_zh);
    }
    return std::string(code);
}

Board::Line Board::line_of(const Transition& t) const {
    const Level level = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
    std::string subject;
    for (const auto& field : t.subject) {
        if (field.name != "area") subject += (subject.empty() ? "" : " ") + field.shown;
    }
    const std::string area = area_of(t.area);
    return {level, to_the_minute(t.at).substr(5) + "  " + pad(transition_name(t.kind), 8) + pad(level_name(level), 7) +
                       pad(t.rule, 25) + (subject.empty() ? area : pad(area, 21) + subject)};
}

void Board::add(const Transition& t) {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, t.at);
    if (t.kind == TransitionKind::kUpdated) return;
    Row& row = rows_[t.rule];
    if (t.previous_level != Level::kNone) --row.open[static_cast<std::size_t>(t.previous_level)];
    if (t.level != Level::kNone) ++row.open[static_cast<std::size_t>(t.level)];
    if (t.kind == TransitionKind::kOpened) ++row.opened;
    const Line line = line_of(t);
    last_.emplace(t.at, line);
    if (last_.size() > kShown) last_.erase(last_.begin());
    if (!t.is_case) warnings_.emplace(t.at, line);
}

std::string Board::text(std::size_t sent, std::size_t all, const Screen& screen) const {
    const std::lock_guard lock(mutex_);
    std::string out = cut("tocsin demo: " + std::to_string(sent) + " of " + std::to_string(all) + " events" +
                              (newest_ == kBeforeAll ? "" : ", it is " + to_the_minute(newest_) + " UTC"),
                          screen.columns) +
                      "\n\n" + pad("open now", 28);
    for (std::size_t level = 1; level < kLevels; ++level) out += pad(level_name(static_cast<Level>(level)), 8);
    out += "opened in all\n";
    for (const auto& [rule, row] : rows_) {
        out += pad(rule, 28);
        for (std::size_t level = 1; level < kLevels; ++level) {
            const std::string count = pad(std::to_string(row.open[level]), 8);
            out += screen.colours && row.open[level] > 0 ? coloured(count, static_cast<Level>(level)) : count;
        }
        out += std::to_string(row.opened) + "\n";
    }
    out += "\nlast transitions\n";
    for (const auto& [at, line] : last_) {
        const std::string shown = cut("  " + line.text, screen.columns);
        out += (screen.colours ? coloured(shown, line.level) : shown) + "\n";
    }
    return out;
}

std::string Board::warnings() const {
    const std::lock_guard lock(mutex_);
    std::string out = "\nwarnings\n";
    for (const auto& [at, line] : warnings_) out += "  " + line.text + "\n";
    return out;
}

}  // namespace tocsin::app
