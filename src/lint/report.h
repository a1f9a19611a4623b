#pragma once
/// Where a check puts what it finds about one rule. Private to this module.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/lint.h"
#include "lint/source.h"

namespace tocsin::lint {

/// One rule as it was loaded and as it is written.
class Subject {
public:
    Subject(const Rule& rule, const Place& place, std::vector<Finding>& findings)
        : rule_(rule),
          place_(place),
          node_(rule.rolls_up ? place.rule.find("rollup").value_or(place.rule) : place.rule),
          findings_(findings) {}

    [[nodiscard]] const Rule& rule() const { return rule_; }
    [[nodiscard]] const Place& place() const { return place_; }
    [[nodiscard]] const yaml::Node& node() const { return node_; }

    /// The value behind a path of keys, as far as the keys exist; the rule's name if none of them does.
    [[nodiscard]] yaml::Node at(std::initializer_list<std::string_view> path) const {
        yaml::Node node = node_;
        for (const std::string_view key : path) {
            const auto next = node.find(key);
            if (!next) break;
            node = *next;
        }
        return node;
    }
    [[nodiscard]] yaml::Node level(Level l) const { return at({"levels", level_name(l)}); }

    void say(std::string_view check, const yaml::Node& where, std::string message) const {
        say(check, where.position(), std::move(message));
    }
    void say(std::string_view check, yaml::Position where, std::string message) const {
        findings_.push_back({std::string(check), rule_.name, std::move(where), std::move(message)});
    }

private:
    const Rule& rule_;
    const Place& place_;
    yaml::Node node_;
    std::vector<Finding>& findings_;
};

/// Each looks at one rule.
void check_levels(const Subject& subject, const Input& input);
void check_thresholds(const Subject& subject, const Input& input);
void check_texts(const Subject& subject, const Input& input);
void check_shape(const Subject& subject, const Input& input);
void check_conditions(const Subject& subject, const Input& input);
void check_phases(const Subject& subject);

}  // namespace tocsin::lint
