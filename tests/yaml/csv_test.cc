// Small tables, given as text: the rows they mean, or the whole message.
#include "yaml/csv.h"

#include <gtest/gtest.h>

namespace tocsin::yaml {
namespace {

const CsvColumns kColumns{{"area", "red"}, {"note"}};

/// The rows as `line:area|red|note;`, or the complaints.
std::string outcome(const std::string& text, const CsvColumns& columns = kColumns) {
    Diagnostics diagnostics;
    const auto table = parse_csv("t.csv", text, columns, diagnostics);
    EXPECT_NE(table.has_value(), diagnostics.has_errors()) << text;
    if (!table) return diagnostics.summary();
    std::string result;
    for (const CsvRow& row : table->rows) {
        result += std::to_string(row.line) + ":";
        for (const std::string& field : row.fields) result += field + "|";
        result.back() = ';';
    }
    return result;
}

TEST(Csv, ReadsRowsByTheNamesOfTheirColumns) {
    const struct {
        std::string text, outcome;
    } cases[] = {
        {"area,red\nx,1\ny,2\n", "2:x|1|;3:y|2|;"},
        {"red,note,area\n1,n,x\n", "2:x|1|n;"},
        {"area,red\nx,1", "2:x|1|;"},
        {"area,red\r\nx,1\r\n\r\ny,2\r\n", "2:x|1|;4:y|2|;"},
        {"\n\narea,red\n\nx,1\n\n", "5:x|1|;"},
        {"\xEF\xBB\xBF"
         "area,red\n中,1\n",
         "2:中|1|;"},
        {"area,red\n\"a,b\",\"say \"\"hi\"\"\"\n", "2:a,b|say \"hi\"|;"},
        {"area,red\n\"two\nlines\",1\nx,2\n", "2:two\nlines|1|;4:x|2|;"},
        {"area,red\n\"\",\n", "2:||;"},
        {"area,red\n x , 1\n", "2: x | 1|;"},
        {"\"area\",red\nx\t,1\n", "2:x\t|1|;"},
        {"area,red\n", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(outcome(c.text), c.outcome) << c.text;
}

TEST(Csv, RefusesWhatIsNotATable) {
    const struct {
        std::string text, complaint;
    } cases[] = {
        {"", "t.csv:1:1: the table is empty; expected a heading\n"},
        {"\n\n", "t.csv:1:1: the table is empty; expected a heading\n"},
        {"area,rde\n",
         "t.csv:1:1: the heading has no column \"red\"\nt.csv:1:6: unknown column \"rde\" (did you mean \"red\"?)\n"},
        {"area\n", "t.csv:1:1: the heading has no column \"red\"\n"},
        {"area,red,area\n", "t.csv:1:10: column \"area\" is there twice\n"},
        {"area,red,\n", "t.csv:1:10: unknown column \"\"\n"},
        {"area,red\nx\ny,1\nz,1,2\n",
         "t.csv:2:1: the row has 1 field, the heading 2\nt.csv:4:1: the row has 3 fields, the heading 2\n"},
        {"area,red\nx,\"1\ny,2\n", "t.csv:2:3: this quote is never closed\n"},
        {"area,red\nx,\"1\"2\n",
         "t.csv:2:6: characters behind the closing quote; expected a comma or the end of the line\n"},
        {"area,red\n中 \"x\",1\n",
         "t.csv:2:3: a quote inside a field; put the whole field in quotes and double this one\n"},
        {"area,red\n\"a\nb\"c,1\n",
         "t.csv:3:3: characters behind the closing quote; expected a comma or the end of the line\n"},
        {"area,red\nx,\xFF\n", "t.csv:2:3: not valid UTF-8; save the file as UTF-8\n"},
        {"area,red\rx,1\r", "t.csv:1:9: control character U+000D is not allowed; remove it\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(outcome(c.text), c.complaint) << c.text;
}

TEST(Csv, TellsWhereAFieldStands) {
    Diagnostics diagnostics;
    const auto table = parse_csv("t.csv", "note,red,area\n\"中,\",12,x\n", kColumns, diagnostics).value();
    const Position red = table.position(table.rows[0], 1);
    EXPECT_EQ(to_string(red), "t.csv:2:6");
    EXPECT_EQ(red.width, 2);
    EXPECT_EQ(to_string(table.position(table.rows[0], 2)), "t.csv:2:1");
    EXPECT_EQ(to_string(table.position(table.rows[0], 9)), "t.csv:2:1");
    diagnostics.error(red, "not a number");
    EXPECT_EQ(diagnostics.text(), "t.csv:2:6: not a number\n    2 | \"中,\",12,x\n      |       ^^\n");
}

TEST(Csv, AColumnTheFileDoesNotHaveIsEmpty) {
    Diagnostics diagnostics;
    const auto table = parse_csv("t.csv", "area,red\nx,1\n", kColumns, diagnostics).value();
    EXPECT_EQ(table.rows[0].fields[2], "");
    EXPECT_EQ(table.rows[0].cols[2], 0);
}

TEST(Csv, RowsAreBounded) {
    std::string text = "area\n";
    for (std::size_t i = 0; i <= kCsvRowsMax; ++i) text += "x\n";
    EXPECT_EQ(outcome(text, {{"area"}, {}}), "t.csv:1000002:1: more than 1000000 rows\n");
}

TEST(Csv, AFileThatCannotBeReadIsAnErrorOfTheWholeFile) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read_csv("/nonexistent/t.csv", kColumns, diagnostics).has_value());
    EXPECT_EQ(diagnostics.summary(), "/nonexistent/t.csv: cannot be read: No such file or directory\n");
}

TEST(Csv, ReadsAFile) {
    Diagnostics diagnostics;
    const auto table = read_csv(std::string(TOCSIN_SOURCE_DIR) + "/tests/yaml/table.csv", kColumns, diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    EXPECT_EQ(table->rows.size(), 2U);
}

}  // namespace
}  // namespace tocsin::yaml
