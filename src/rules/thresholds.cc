#include "rules/thresholds.h"

#include <charconv>
#include <cmath>

#include "yaml/csv.h"

namespace tocsin {

std::string ThresholdTable::canonical() const {
    std::string out;
    for (const auto& [code, row] : rows_) {
        out += std::to_string(code.size()) + ':' + code;
        for (const Value& v : row.by_level) {
            char digits[32];
            const double number = v.type == Value::Type::kInt ? static_cast<double>(v.integer) : v.number;
            const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
            out += ',';
            if (!v.is_missing()) out.append(digits, end);
        }
        out += '\n';
    }
    return out;
}

namespace rules {
namespace {

/// Missing for an empty field; empty if it is no threshold.
std::optional<Value> threshold_of(const std::string& text) {
    if (text.empty()) return Value::missing();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || number < 0)
        return std::nullopt;
    return Value::of_number(number);
}

}  // namespace

std::optional<ThresholdTable> parse_thresholds(const std::string& file, std::string text,
                                               yaml::Diagnostics& diagnostics) {
    const yaml::CsvColumns columns{{"area"}, {"blue", "yellow", "orange", "red"}};
    const auto csv = yaml::parse_csv(file, std::move(text), columns, diagnostics);
    if (!csv) return std::nullopt;
    ThresholdTable table;
    const std::size_t errors_before = diagnostics.errors();
    for (const yaml::CsvRow& row : csv->rows) {
        Thresholds thresholds;
        for (std::size_t level = 1; level < kLevels; ++level) {
            const auto value = threshold_of(row.fields[level]);
            if (value) {
                thresholds.by_level[level] = *value;
                continue;
            }
            diagnostics.error(csv->position(row, level), columns.optional[level - 1] +
                                                             ": expected a number of 0 or more, found " +
                                                             yaml::quote(row.fields[level]));
        }
        if (row.fields[0].empty()) {
            diagnostics.error(csv->position(row, 0), "area: a code is missing; `*` stands for all areas not listed");
        } else if (!table.add(row.fields[0], thresholds)) {
            diagnostics.error(csv->position(row, 0), "area: \"" + row.fields[0] + "\" is given twice");
        }
    }
    if (csv->rows.empty()) diagnostics.error({file, 0, 0, 1}, "the table has no rows");
    if (diagnostics.errors() > errors_before) return std::nullopt;
    return table;
}

}  // namespace rules
}  // namespace tocsin
