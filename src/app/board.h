#pragma once
/// What a duty officer wants to see: how many are open at which colour, and what happened last.

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "tocsin/areas.h"
#include "tocsin/rule_set.h"
#include "tocsin/transition.h"

namespace tocsin::app {

/// Where the board is shown. A line that is wider than the screen is cut, so that the table stays a table.
struct Screen {
    int columns = 0;  ///< 0: lines are as long as they are
    bool colours = false;
};

/// Transitions may come from any thread and, between tasks, in any order: they are shown by their own time.
class Board {
public:
    explicit Board(AreaTree areas) : areas_(std::move(areas)) {}

    void add(const Transition& transition);
    /// `sent` of `all` events are on their way.
    [[nodiscard]] std::string text(std::size_t sent, std::size_t all, const Screen& screen) const;
    /// All that happened to warnings.
    [[nodiscard]] std::string warnings() const;

private:
    static constexpr std::size_t kShown = 12;

    struct Row {
        std::array<long, kLevels> open{};
        long opened = 0;
    };
    struct Line {
        Level level = Level::kNone;
        std::string text;
    };
    Line line_of(const Transition& transition) const;
    std::string area_of(std::string_view code) const;

    AreaTree areas_;
    mutable std::mutex mutex_;
    std::map<std::string, Row> rows_;
    std::multimap<Instant, Line> last_, warnings_;
    Instant newest_ = kBeforeAll;
};

}  // namespace tocsin::app
