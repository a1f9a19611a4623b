#include <algorithm>
#include <charconv>
#include <set>

#include "config/reading.h"
#include "yaml/csv.h"

namespace tocsin::config {

namespace {

enum Column : std::size_t { kCode, kParent, kLevel, kName, kNameZh, kSubscribers };
const yaml::CsvColumns kColumns{{"code", "parent", "level"}, {"name", "name_zh", "subscribers"}};
const std::vector<std::string> kLevels = {"province", "city", "county", "hall"};
constexpr std::size_t kCodeBytesMax = 512;

std::optional<AreaRow> read_row(const yaml::CsvTable& table, const yaml::CsvRow& row, yaml::Diagnostics& diagnostics) {
    const std::size_t errors_before = diagnostics.errors();
    const auto fault = [&](std::size_t column, std::string message) {
        diagnostics.error(table.position(row, column), std::move(message));
    };
    AreaRow result;
    result.area.code = row.fields[kCode];
    result.parent_code = row.fields[kParent];
    if (result.area.code.empty()) fault(kCode, "code: an area has a code");
    if (result.area.code.size() > kCodeBytesMax)
        fault(kCode, "code: longer than " + std::to_string(kCodeBytesMax) + " bytes");
    if (result.area.code == "unknown")
        fault(kCode, "code: unknown is where events without a known area count; use another code");
    if (result.area.code == "*") fault(kCode, "code: * means every area in thresholds files; use another code");

    const std::string& level = row.fields[kLevel];
    const auto found = std::find(kLevels.begin(), kLevels.end(), level);
    if (found == kLevels.end())
        fault(kLevel, "level: expected province, city, county or hall, found " + yaml::quote(level) +
                          yaml::did_you_mean(level, kLevels));
    else
        result.area.level = AreaLevel{static_cast<std::uint8_t>(found - kLevels.begin())};
    result.area.name = row.fields[kName];
    result.area.name_zh = row.fields[kNameZh];

    const std::string& subscribers = row.fields[kSubscribers];
    if (!subscribers.empty()) {
        const char* end = subscribers.data() + subscribers.size();
        const auto [read_to, error] = std::from_chars(subscribers.data(), end, result.area.subscribers);
        if (error != std::errc() || read_to != end || result.area.subscribers < 0)
            fault(kSubscribers, "subscribers: expected a whole number, found " + yaml::quote(subscribers));
    }
    if (diagnostics.errors() != errors_before) return std::nullopt;
    return result;
}

}  // namespace

std::vector<AreaRow> read_areas_file(const std::string& path, yaml::Diagnostics& diagnostics) {
    const auto table = yaml::read_csv(path, kColumns, diagnostics);
    if (!table) return {};
    std::vector<AreaRow> rows;
    AreaTree tree;
    std::set<std::string> faulty;  // their children are not to blame
    for (const yaml::CsvRow& row : table->rows) {
        auto read = read_row(*table, row, diagnostics);
        std::string problem;
        if (read && tree.add(read->area, read->parent_code, problem)) {
            rows.push_back(std::move(*read));
            continue;
        }
        const bool is_orphan = problem.starts_with("unknown parent");
        if (read && !(is_orphan && faulty.contains(read->parent_code)))
            diagnostics.error(table->position(row, is_orphan ? kParent : kCode), problem);
        faulty.insert(row.fields[kCode]);
    }
    if (table->rows.empty())
        diagnostics.error({path, 1, 1}, "the table has no rows; without areas_file an area is a path");
    return rows;
}

}  // namespace tocsin::config
