#include "yaml/csv.h"

#include <algorithm>
#include <set>

#include "yaml/source.h"

namespace tocsin::yaml {

namespace {

struct Record {
    int line = 0;
    std::vector<std::string> fields;
    std::vector<int> cols;
};

/// Splits a text into records, field by field.
class Splitter {
public:
    Splitter(const std::string& file, std::string_view text, Diagnostics& diagnostics)
        : file_(file), text_(text), diagnostics_(diagnostics) {}

    /// The next record that is not a blank line; empty at the end, or after a fault that leaves no way to go on.
    std::optional<Record> next() {
        while (at_ < text_.size() && end_of_line() > 0) take_line_break();
        if (failed_ || at_ >= text_.size()) return std::nullopt;
        Record record;
        record.line = line_;
        do {
            record.cols.push_back(characters(text_.substr(line_begin_, at_ - line_begin_)) + 1);
            record.fields.push_back(field());
            if (failed_) return std::nullopt;
        } while (take_comma());
        take_line_break();
        return record;
    }

    [[nodiscard]] bool failed() const { return failed_; }

private:
    /// How many bytes the line break here has; 0 if there is none.
    [[nodiscard]] std::size_t end_of_line() const {
        if (text_.substr(at_, 2) == "\r\n") return 2;
        return text_.substr(at_, 1) == "\n" ? 1 : 0;
    }

    void take_line_break() {
        at_ += end_of_line();
        line_begin_ = at_;
        ++line_;
    }

    bool take_comma() {
        if (at_ >= text_.size() || text_[at_] != ',') return false;
        ++at_;
        return true;
    }

    std::string field() {
        if (at_ < text_.size() && text_[at_] == '"') return quoted_field();
        const std::size_t end = std::min(text_.find_first_of(",\n\r", at_), text_.size());
        const std::string_view plain = text_.substr(at_, end - at_);
        if (const std::size_t quote_at = plain.find('"'); quote_at != std::string_view::npos) {
            fail(at_ + quote_at, "a quote inside a field; put the whole field in quotes and double this one");
        }
        at_ = end;
        return std::string(plain);
    }

    std::string quoted_field() {
        const std::size_t begin = at_++;
        const int line = line_;
        const std::size_t line_begin = line_begin_;
        std::string result;
        while (at_ < text_.size()) {
            if (text_.substr(at_, 2) == "\"\"") {
                result += '"';
                at_ += 2;
            } else if (text_[at_] == '"') {
                ++at_;
                if (at_ < text_.size() && text_[at_] != ',' && end_of_line() == 0)
                    fail(at_, "characters behind the closing quote; expected a comma or the end of the line");
                return result;
            } else {
                result += text_[at_++];
                if (result.back() == '\n') {
                    line_begin_ = at_;
                    ++line_;
                }
            }
        }
        line_ = line;
        line_begin_ = line_begin;
        fail(begin, "this quote is never closed");
        return result;
    }

    void fail(std::size_t at, std::string message) {
        diagnostics_.error({file_, line_, characters(text_.substr(line_begin_, at - line_begin_)) + 1},
                           std::move(message));
        failed_ = true;
    }

    const std::string& file_;
    std::string_view text_;
    Diagnostics& diagnostics_;
    std::size_t at_ = 0;
    std::size_t line_begin_ = 0;
    int line_ = 1;
    bool failed_ = false;
};

/// For each wanted column its index in the file; npos: the file does not have it.
std::vector<std::size_t> match_heading(const std::string& file, const Record& heading, const CsvColumns& columns,
                                       Diagnostics& diagnostics) {
    std::vector<std::string> known = columns.required;
    known.insert(known.end(), columns.optional.begin(), columns.optional.end());
    if (heading.fields.size() == 1 && heading.fields[0].find_first_of(";\t") != std::string::npos) {
        diagnostics.error({file, heading.line, 1, characters(heading.fields[0])},
                          "the columns are not separated by commas; save the table as CSV with commas");
        return {};
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < heading.fields.size(); ++i) {
        const std::string& name = heading.fields[i];
        const Position position{file, heading.line, heading.cols[i], std::max(1, characters(name))};
        if (std::find(known.begin(), known.end(), name) == known.end())
            diagnostics.error(position, "unknown column " + quote(name) + did_you_mean(name, known));
        else if (!seen.insert(name).second)
            diagnostics.error(position, "column " + quote(name) + " is there twice");
    }
    std::vector<std::size_t> indices;
    for (const std::string& name : known) {
        const auto found = std::find(heading.fields.begin(), heading.fields.end(), name);
        const bool is_there = found != heading.fields.end();
        if (!is_there && indices.size() < columns.required.size())
            diagnostics.error({file, heading.line, 1}, "the heading has no column " + quote(name));
        indices.push_back(is_there ? static_cast<std::size_t>(found - heading.fields.begin()) : std::string::npos);
    }
    return indices;
}

std::string field_count(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " field" : " fields");
}

}  // namespace

Position CsvTable::position(const CsvRow& row, std::size_t column) const {
    const int col = column < row.cols.size() ? row.cols[column] : 0;
    const int width = column < row.fields.size() ? characters(row.fields[column]) : 0;
    return {file, row.line, std::max(1, col), std::max(1, width)};
}

std::optional<CsvTable> parse_csv(const std::string& file, std::string text, const CsvColumns& columns,
                                  Diagnostics& diagnostics) {
    const std::size_t errors_before = diagnostics.errors();
    const auto source = std::make_shared<const std::string>(std::move(text));
    diagnostics.add_source(file, source);
    const std::string_view body = without_mark(*source);
    if (!check_text(file, body, kCsvBytesMax, Indentation::kAny, diagnostics)) return std::nullopt;
    Splitter splitter(file, body, diagnostics);
    const auto heading = splitter.next();
    if (!heading) {
        if (!splitter.failed()) diagnostics.error({file, 1, 1}, "the table is empty; expected a heading");
        return std::nullopt;
    }
    const auto indices = match_heading(file, *heading, columns, diagnostics);
    if (diagnostics.errors() != errors_before) return std::nullopt;

    CsvTable table{file, {}};
    while (auto record = splitter.next()) {
        if (record->fields.size() != heading->fields.size()) {
            diagnostics.error({file, record->line, 1}, "the row has " + field_count(record->fields.size()) +
                                                           ", the heading " + std::to_string(heading->fields.size()));
            continue;
        }
        if (table.rows.size() >= kCsvRowsMax) {
            diagnostics.error({file, record->line, 1}, "more than " + std::to_string(kCsvRowsMax) + " rows");
            break;
        }
        CsvRow& row = table.rows.emplace_back();
        row.line = record->line;
        for (const std::size_t index : indices) {
            const bool is_there = index != std::string::npos;
            row.fields.push_back(is_there ? std::move(record->fields[index]) : std::string());
            row.cols.push_back(is_there ? record->cols[index] : 0);
        }
    }
    if (diagnostics.errors() != errors_before) return std::nullopt;
    return table;
}

std::optional<CsvTable> read_csv(const std::string& path, const CsvColumns& columns, Diagnostics& diagnostics) {
    auto text = read_text(path, kCsvBytesMax, diagnostics);
    if (!text) return std::nullopt;
    return parse_csv(path, *std::move(text), columns, diagnostics);
}

}  // namespace tocsin::yaml
