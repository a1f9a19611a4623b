#pragma once
/// Which receivers are told: a tree of routes in Alertmanager's grammar.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

constexpr std::size_t kRoutesMax = 1000;  ///< of a configuration, the root included
constexpr std::size_t kMatchersMax = 20;  ///< of one route

/// `team="cs"` or `level!="blue"`. A label that is not there counts as empty, as in Alertmanager.
struct Matcher {
    enum class Op { kEqual, kNotEqual };
    std::string label;
    Op op = Op::kEqual;
    std::string value;

    [[nodiscard]] bool matches(const std::map<std::string, std::string>& labels) const;
};

/// A node of the tree. The root matches everything.
struct Route {
    std::string receiver;  ///< never empty after loading: inherited from the parent where none is written
    std::vector<Matcher> matchers;
    bool continues = false;  ///< `continue: true`: the next sibling is tried too
    std::vector<Route> routes;
};

/// The receivers for these labels, each once, in the order of the file: of every path, the deepest route that matches;
/// siblings after a match only where it says `continue`.
[[nodiscard]] std::vector<std::string> receivers_of(const Route& root,
                                                    const std::map<std::string, std::string>& labels);

}  // namespace tocsin::config
