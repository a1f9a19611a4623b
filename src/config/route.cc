#include "config/route.h"

#include <algorithm>

namespace tocsin::config {

bool Matcher::matches(const std::map<std::string, std::string>& labels) const {
    const auto found = labels.find(label);
    const bool is_equal = (found == labels.end() ? std::string() : found->second) == value;
    return is_equal == (op == Op::kEqual);
}

namespace {

/// Adds what this route answers. False: it does not match.
bool collect(const Route& route, const std::map<std::string, std::string>& labels,
             std::vector<std::string>& receivers) {
    const auto fits = [&](const Matcher& matcher) { return matcher.matches(labels); };
    if (!std::all_of(route.matchers.begin(), route.matchers.end(), fits)) return false;
    bool is_taken = false;
    for (const Route& child : route.routes) {
        if (!collect(child, labels, receivers)) continue;
        is_taken = true;
        if (!child.continues) break;
    }
    const bool is_known = std::find(receivers.begin(), receivers.end(), route.receiver) != receivers.end();
    if (!is_taken && !is_known) receivers.push_back(route.receiver);
    return true;
}

}  // namespace

std::vector<std::string> receivers_of(const Route& root, const std::map<std::string, std::string>& labels) {
    std::vector<std::string> receivers;
    collect(root, labels, receivers);
    return receivers;
}

}  // namespace tocsin::config
