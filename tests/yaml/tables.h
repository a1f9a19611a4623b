#pragma once
/// Holds a module's tables of keys (yaml/keys.h) against what its readers asked for while they read files.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "yaml/diagnostics.h"
#include "yaml/keys.h"

namespace tocsin::yaml {

/// Everything that readers asked for: by map and key, how.
class AskedKeys {
public:
    struct How {
        std::string as;
        std::vector<std::string> choices;
    };

    /// From now on what this reading asks for in the file is known; not what it asks of files that this one names.
    void listen(Diagnostics& diagnostics, std::string file) {
        diagnostics.asked = [this, file = std::move(file)](const Diagnostics::Asked& a) {
            if (a.file != file) return;
            How& how = maps_[std::string(a.map.substr(0, a.map.find(" \"")))][std::string(a.key)];
            if (!a.as.empty()) how = {std::string(a.as), a.choices};
        };
    }

    /// One line for each difference.
    [[nodiscard]] std::vector<std::string> differences(const std::vector<Table>& tables) const {
        std::vector<std::string> found;
        std::map<std::string, const Table*> known;
        for (const Table& table : tables) known[std::string(table.name)] = &table;
        for (const auto& [map, keys] : maps_) {
            if (!known.contains(map)) {
                found.push_back("no table for \"" + map + "\"");
                continue;
            }
            for (const auto& [key, how] : keys) compare(*known[map], key, how, found);
        }
        for (const Table& table : tables) {
            const auto asked = maps_.find(std::string(table.name));
            for (const Key& key : table.keys) {
                const std::string name(key.name);
                if (asked == maps_.end() || !asked->second.contains(name))
                    found.push_back(std::string(table.name) + "." + name + ": no reader asks for it");
                if (key.about.empty())
                    found.push_back(std::string(table.name) + "." + name + ": says nothing about it");
                if (!key.table.empty() && !known.contains(std::string(key.table)))
                    found.push_back(std::string(table.name) + "." + name + ": no table \"" + std::string(key.table) +
                                    "\"");
            }
        }
        return found;
    }

private:
    static void compare(const Table& table, const std::string& name, const How& how, std::vector<std::string>& found) {
        const std::string place = std::string(table.name) + "." + name;
        const auto key =
            std::find_if(table.keys.begin(), table.keys.end(), [&](const Key& k) { return k.name == name; });
        if (key == table.keys.end()) {
            found.push_back(place + ": a reader asks for it, and no table has it");
            return;
        }
        const std::map<std::string, Shape> shapes = {{"string", Shape::kText},   {"integer", Shape::kInt},
                                                     {"boolean", Shape::kBool},  {"duration", Shape::kDuration},
                                                     {"strings", Shape::kTexts}, {"choice", Shape::kChoice}};
        const auto shape = shapes.find(how.as);
        if (!how.as.empty() && (shape == shapes.end() || shape->second != key->shape))
            found.push_back(place + ": read as " + how.as + ", and the table says otherwise");
        if (how.as == "choice" && how.choices != std::vector<std::string>(key->choices.begin(), key->choices.end()))
            found.push_back(place + ": other choices than the reader's");
    }

    std::map<std::string, std::map<std::string, How>> maps_;
};

}  // namespace tocsin::yaml
