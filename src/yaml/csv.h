#pragma once
/// CSV tables after RFC 4180, with a heading, read strictly: every row has as many fields as the heading.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/diagnostics.h"

namespace tocsin::yaml {

constexpr std::size_t kCsvBytesMax = 64 << 20;
constexpr std::size_t kCsvRowsMax = 1'000'000;

/// The headings a table must have and may have, in any order.
struct CsvColumns {
    std::vector<std::string> required;
    std::vector<std::string> optional;
};

/// One row. `fields` has one entry per column of CsvColumns, required ones first; a column the file does not have is
/// empty.
struct CsvRow {
    int line = 0;                     ///< where the row begins
    std::vector<std::string> fields;  ///< unquoted
    std::vector<int> cols;            ///< where each field begins in its line; 0: the file has no such column
};

/// A table and where its rows stand. Value type.
struct CsvTable {
    std::string file;
    std::vector<CsvRow> rows;

    /// Where a field stands (a row's quoted line breaks are not followed: always the row's first line).
    [[nodiscard]] Position position(const CsvRow& row, std::size_t column) const;
};

/// Reads a table. Blank lines are skipped, a byte order mark is too. Empty if anything was wrong: then it is in
/// `diagnostics` with its line: a heading unknown, missing or given twice, a row with too few or too many fields, an
/// open quote, characters behind a closing one, invalid UTF-8, a limit.
[[nodiscard]] std::optional<CsvTable> parse_csv(const std::string& file, std::string text, const CsvColumns& columns,
                                                Diagnostics& diagnostics);

/// parse_csv() of a file; a file that cannot be read is an error of the file as a whole.
[[nodiscard]] std::optional<CsvTable> read_csv(const std::string& path, const CsvColumns& columns,
                                               Diagnostics& diagnostics);

}  // namespace tocsin::yaml
