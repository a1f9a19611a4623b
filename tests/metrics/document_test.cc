/// docs/metrics.md and the registry say the same, in both directions.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "metrics/metrics.h"
#include "metrics/process.h"

namespace tocsin::metrics {
namespace {

/// A row of a table: "type label,label", by name.
using Described = std::map<std::string, std::string>;

Described registry() {
    Described out;
    const auto describe = [&](const Family& f, const std::string& prefix) {
        std::string text = f.type == Type::kCounter ? "counter" : f.type == Type::kGauge ? "gauge" : "histogram";
        for (const std::string_view label : f.labels) text += " " + std::string(label);
        out[prefix + std::string(f.name)] = text;
    };
    for (const Family& f : families()) describe(f, "tocsin_");
    for (const Family& f : process_families()) describe(f, "");
    return out;
}

std::string without_marks(std::string text) {
    std::erase_if(text, [](char c) { return c == '`' || c == ',' || c == ' '; });
    return text;
}

/// Rows "| `name` | type | `label`, `label` | meaning |"; a name given twice and an empty meaning are told in `faults`.
Described document(std::string& faults) {
    Described out;
    std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/docs/metrics.md");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("| `")) continue;
        std::istringstream cells(line.substr(1));
        std::string name, type, labels, meaning;
        std::getline(cells, name, '|');
        std::getline(cells, type, '|');
        std::getline(cells, labels, '|');
        std::getline(cells, meaning, '|');
        name = without_marks(name);
        std::string text = without_marks(type);
        std::istringstream each(labels);
        for (std::string label; std::getline(each, label, ',');) {
            if (const std::string bare = without_marks(label); !bare.empty()) text += " " + bare;
        }
        if (!out.emplace(name, text).second) faults += name + " twice\n";
        if (without_marks(meaning).empty()) faults += name + " without a meaning\n";
    }
    return out;
}

TEST(MetricsDocument, ListsExactlyWhatTheRegistryHas) {
    std::string faults;
    const Described said = document(faults), had = registry();
    EXPECT_EQ(faults, "");
    for (const auto& [name, text] : had) {
        const auto it = said.find(name);
        if (it == said.end()) {
            ADD_FAILURE() << name << " is not in docs/metrics.md";
        } else {
            EXPECT_EQ(it->second, text) << name << ": type and labels in docs/metrics.md, and those of the registry";
        }
    }
    for (const auto& [name, text] : said) EXPECT_TRUE(had.contains(name)) << name << " is in docs/metrics.md only";
}

}  // namespace
}  // namespace tocsin::metrics
