#pragma once
/// Typed reading of nodes. Every reader answers empty after it has reported what is wrong; so callers go on and find
/// the next mistake. `name` is what the message begins with: the key, or words like `brokers[2]`.

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/time.h"
#include "yaml/diagnostics.h"
#include "yaml/node.h"

namespace tocsin::yaml {

/// A scalar's text, quoted or not; an empty string is one.
std::optional<std::string> as_string(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// A whole number in decimal, not quoted.
std::optional<std::int64_t> as_int(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// A finite number in decimal, not quoted.
std::optional<double> as_number(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// `true` or `false`, nothing else.
std::optional<bool> as_bool(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// `90s`, `1h30m`, `7d` (base/times.h).
std::optional<Duration> as_duration(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// One string or a list of strings, as strings.
std::optional<std::vector<std::string>> as_strings(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// One scalar or a list of scalars, as nodes: for values whose text is parsed with positions.
std::optional<std::vector<Node>> as_scalars(const Node& node, std::string_view name, Diagnostics& diagnostics);
/// The index of the one of `choices` that the scalar names.
std::optional<std::size_t> as_choice(const Node& node, std::string_view name, const std::vector<std::string>& choices,
                                     Diagnostics& diagnostics);

/// Reads a map key by key; at the end, whatever was never asked for is an error.
///
///     MapReader reader(node, "rule \"X\"", diagnostics);
///     const auto name = reader.require_string("alert");
///     reader.not_supported("phases");
///     reader.finish();
///
/// A node that is no map is reported once; then every answer is empty and finish() adds nothing. Keeps a reference to
/// the diagnostics. Used by one thread.
class MapReader {
public:
    /// `what` names the map in messages: `unknown field "witin" in rule "X"`.
    MapReader(Node node, std::string what, Diagnostics& diagnostics);

    /// The value of a key; empty if it is absent. A key with nothing behind it gives a null node.
    std::optional<Node> get(std::string_view key);
    /// get(), and a missing key is an error at the map.
    std::optional<Node> require(std::string_view key);

    /// get() and the typed reader of that name; empty if absent or wrong (then reported).
    std::optional<std::string> string(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key);
    std::optional<double> number(std::string_view key);
    std::optional<bool> boolean(std::string_view key);
    std::optional<Duration> duration(std::string_view key);
    std::optional<std::vector<std::string>> strings(std::string_view key);
    std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string>& choices);
    /// require() and as_string(); an empty string is an error.
    std::optional<std::string> require_string(std::string_view key);

    /// If the key is there, an error: `phases: not supported yet`, or the message given. It is not proposed as a
    /// correction.
    void not_supported(std::string_view key, std::string message = {});

    /// An error at the key (or at the map, if the key is absent): `key: message`.
    void error(std::string_view key, const std::string& message);

    /// Reports every key that was never asked for. Call it once, last. Returns whether this reader reported nothing.
    bool finish();

    [[nodiscard]] const Node& node() const { return node_; }
    [[nodiscard]] const std::string& what() const { return what_; }
    [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }
    /// Where the key stands; where the map stands if it has no such key.
    [[nodiscard]] Position position(std::string_view key) const;

private:
    [[nodiscard]] std::string remedy(const std::string& name) const;
    void note(std::string_view key, std::string_view as, const std::vector<std::string>& choices = {});

    Node node_;
    std::string what_;
    Diagnostics& diagnostics_;
    std::size_t errors_before_;
    std::vector<std::string> known_;              // asked for: also what "did you mean" proposes
    std::set<std::string, std::less<>> refused_;  // not supported yet
};

}  // namespace tocsin::yaml
