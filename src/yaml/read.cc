#include "yaml/read.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/times.h"

namespace tocsin::yaml {

namespace {

std::nullopt_t expected(const Node& node, std::string_view name, const std::string& what, Diagnostics& diagnostics) {
    const std::string found = (node.quoted() ? "the string " : "") + node.describe();
    diagnostics.error(node.position(), std::string(name) + ": expected " + what + ", found " + found);
    return std::nullopt;
}

/// The text of a plain scalar as the whole of a number; empty if it is none.
template <typename T>
std::optional<T> number_of(const Node& node) {
    const std::string& text = node.text();
    T value{};
    if (!node.is_scalar() || node.quoted() || text.empty()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::string> as_string(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    if (!node.is_scalar()) return expected(node, name, "a string", diagnostics);
    return node.text();
}

std::optional<std::int64_t> as_int(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    const auto value = number_of<std::int64_t>(node);
    if (!value) return expected(node, name, "a whole number", diagnostics);
    return value;
}

std::optional<double> as_number(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    const auto value = number_of<double>(node);
    if (!value || !std::isfinite(*value)) return expected(node, name, "a number", diagnostics);
    return value;
}

std::optional<bool> as_bool(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    const bool is_word = node.is_scalar() && !node.quoted() && (node.text() == "true" || node.text() == "false");
    if (!is_word) return expected(node, name, "true or false", diagnostics);
    return node.text() == "true";
}

std::optional<Duration> as_duration(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    const auto value = node.is_scalar() ? parse_duration(node.text()) : std::nullopt;
    if (!value) return expected(node, name, "a duration like 90s, 1h30m or 7d", diagnostics);
    return *value;
}

std::optional<std::vector<std::string>> as_strings(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    const auto scalars = as_scalars(node, name, diagnostics);
    if (!scalars) return std::nullopt;
    std::vector<std::string> result;
    for (const Node& scalar : *scalars) result.push_back(scalar.text());
    return result;
}

std::optional<std::vector<Node>> as_scalars(const Node& node, std::string_view name, Diagnostics& diagnostics) {
    if (node.is_scalar()) return std::vector<Node>{node};
    if (!node.is_sequence()) return expected(node, name, "a string or a list of strings", diagnostics);
    bool all_scalars = true;
    std::vector<Node> result = node.items();
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (result[i].is_scalar()) continue;
        expected(result[i], std::string(name) + "[" + std::to_string(i) + "]", "a string", diagnostics);
        all_scalars = false;
    }
    if (!all_scalars) return std::nullopt;
    return result;
}

std::optional<std::size_t> as_choice(const Node& node, std::string_view name, const std::vector<std::string>& choices,
                                     Diagnostics& diagnostics) {
    std::string list;
    for (std::size_t i = 0; i < choices.size(); ++i)
        list += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
    if (!node.is_scalar()) return expected(node, name, list, diagnostics);
    const auto found = std::find(choices.begin(), choices.end(), node.text());
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    diagnostics.error(node.position(), std::string(name) + ": expected " + list + ", found " + node.describe() +
                                           did_you_mean(node.text(), choices));
    return std::nullopt;
}

MapReader::MapReader(Node node, std::string what, Diagnostics& diagnostics)
    : node_(std::move(node)), what_(std::move(what)), diagnostics_(diagnostics), errors_before_(diagnostics.errors()) {
    if (!node_.is_map()) expected(node_, what_, "a map", diagnostics_);
}

void MapReader::note(std::string_view key, std::string_view as, const std::vector<std::string>& choices) {
    if (!diagnostics_.asked) return;
    const Position position = node_.position();
    diagnostics_.asked({what_, position.file, key, as, choices});
}

std::optional<Node> MapReader::get(std::string_view key) {
    note(key, {});
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    return node_.find(key);
}

std::optional<Node> MapReader::require(std::string_view key) {
    auto found = get(key);
    if (!found && node_.is_map()) diagnostics_.error(node_.position(), "missing field " + quote(key) + " in " + what_);
    return found;
}

std::optional<std::string> MapReader::string(std::string_view key) {
    note(key, "string");
    const auto found = get(key);
    return found ? as_string(*found, key, diagnostics_) : std::nullopt;
}

std::optional<std::int64_t> MapReader::integer(std::string_view key) {
    note(key, "integer");
    const auto found = get(key);
    return found ? as_int(*found, key, diagnostics_) : std::nullopt;
}

std::optional<double> MapReader::number(std::string_view key) {
    note(key, "number");
    const auto found = get(key);
    return found ? as_number(*found, key, diagnostics_) : std::nullopt;
}

std::optional<bool> MapReader::boolean(std::string_view key) {
    note(key, "boolean");
    const auto found = get(key);
    return found ? as_bool(*found, key, diagnostics_) : std::nullopt;
}

std::optional<Duration> MapReader::duration(std::string_view key) {
    note(key, "duration");
    const auto found = get(key);
    return found ? as_duration(*found, key, diagnostics_) : std::nullopt;
}

std::optional<std::vector<std::string>> MapReader::strings(std::string_view key) {
    note(key, "strings");
    const auto found = get(key);
    return found ? as_strings(*found, key, diagnostics_) : std::nullopt;
}

std::optional<std::size_t> MapReader::choice(std::string_view key, const std::vector<std::string>& choices) {
    note(key, "choice", choices);
    const auto found = get(key);
    return found ? as_choice(*found, key, choices, diagnostics_) : std::nullopt;
}

std::optional<std::string> MapReader::require_string(std::string_view key) {
    const auto found = require(key);
    if (!found) return std::nullopt;
    auto text = as_string(*found, key, diagnostics_);
    if (text && text->empty()) return expected(*found, key, "a string that is not empty", diagnostics_);
    return text;
}

void MapReader::not_supported(std::string_view key, std::string message) {
    refused_.emplace(key);
    if (!node_.find(key)) return;
    diagnostics_.error(position(key), message.empty() ? std::string(key) + ": not supported yet" : std::move(message));
}

void MapReader::error(std::string_view key, const std::string& message) {
    diagnostics_.error(position(key), std::string(key) + ": " + message);
}

/// What to write instead of a key that nobody knows.
std::string MapReader::remedy(const std::string& name) const {
    constexpr std::size_t kListedMax = 6;
    if (name.find("：") != std::string::npos) return ": write the colon as `:`";
    if (name.find(':') != std::string::npos) return ": a blank is missing behind the colon";
    std::string near = did_you_mean(name, known_);
    if (!near.empty() || known_.empty() || known_.size() > kListedMax) return near;
    std::string known;
    for (const std::string& key : known_) known += (known.empty() ? "" : ", ") + key;
    return " (known here: " + known + ")";
}

bool MapReader::finish() {
    for (const Node::Entry& entry : node_.entries()) {
        const std::string& name = entry.name();
        if (refused_.contains(name) || std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
        diagnostics_.error(entry.key.position(), "unknown field " + quote(name) + " in " + what_ + remedy(name));
    }
    return diagnostics_.errors() == errors_before_;
}

Position MapReader::position(std::string_view key) const {
    for (const Node::Entry& entry : node_.entries())
        if (entry.name() == key) return entry.key.position();
    return node_.position();
}

}  // namespace tocsin::yaml
