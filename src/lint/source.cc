#include "lint/source.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "lint/lint.h"

namespace tocsin::lint {
namespace {

constexpr std::string_view kMark = "# tocsin ";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

bool is_comment(std::string_view line) {
    return trimmed(line).starts_with('#');
}

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || c == '-';
}

/// `no-test, noisy` and whatever follows.
std::vector<std::string> names_of(std::string_view text) {
    std::vector<std::string> names;
    for (text = trimmed(text); !text.empty() && is_name(text[0]);) {
        const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name) - text.begin());
        names.emplace_back(text.substr(0, end));
        text = trimmed(text.substr(end));
        if (!text.starts_with(',')) break;
        text = trimmed(text.substr(1));
    }
    return names;
}

/// `20 per week`.
std::optional<double> budget_of(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    const std::string_view unit = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
    return unit.starts_with("per week") ? std::optional(number) : std::nullopt;
}

std::vector<yaml::Node> list_of(const yaml::Node& node, std::string_view key) {
    const auto found = node.find(key);
    return found ? found->items() : std::vector<yaml::Node>();
}

}  // namespace

Source::Source(const rules::RuleFile& file) : file_(file.path) {
    std::string_view rest = file.text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        lines_.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    yaml::Diagnostics ignored;
    const auto root = yaml::parse(file.path, file.text, ignored);
    if (!root) return;
    std::vector<int> begins;  // of rules and groups
    for (const yaml::Node& group : list_of(*root, "groups")) {
        begins.push_back(group.position().line);
        for (const yaml::Node& rule : list_of(group, "rules")) {
            if (!rule.is_map()) continue;
            places_.push_back({rule, group, file.path, rule.position().line, 0});
            begins.push_back(rule.position().line);
        }
    }
    begins.push_back(static_cast<int>(lines_.size()) + 1);
    const auto with_comments = [this](int line) {
        while (line > 1 && static_cast<std::size_t>(line) <= lines_.size() + 1 &&
               is_comment(lines_[static_cast<std::size_t>(line) - 2]))
            --line;
        return line;
    };
    for (Place& place : places_) {
        const int next = *std::upper_bound(begins.begin(), begins.end() - 1, place.begin);
        place.end = next == begins.back() ? next : with_comments(next);
        place.begin = with_comments(place.begin);
    }
}

std::vector<Comment> Source::comments(const Place& place) const {
    std::vector<Comment> found;
    for (int line = place.begin; line < place.end; ++line) {
        const std::string& text = lines_[static_cast<std::size_t>(line) - 1];
        const std::size_t mark = text.find(kMark);
        if (mark == std::string::npos) continue;
        const std::string_view words = trimmed(std::string_view(text).substr(mark + kMark.size()));
        Comment comment;
        comment.position = {file_, line, static_cast<int>(mark) + 1, 1};
        if (words.starts_with("disable ")) comment.disables = names_of(words.substr(8));
        if (words.starts_with("budget ")) comment.budget = budget_of(trimmed(words.substr(7)));
        found.push_back(std::move(comment));
    }
    return found;
}

std::string Source::text(const Place& place) const {
    std::string out;
    for (int line = place.begin; line < place.end; ++line) out += lines_[static_cast<std::size_t>(line) - 1] + "\n";
    return out;
}

std::string table_of(const Place& place) {
    const auto node = place.group.find("thresholds_file");
    if (!node || !node->is_scalar() || node->text().starts_with('/'))
        return node && node->is_scalar() ? node->text() : "";
    const std::size_t slash = place.file.rfind('/');
    return slash == std::string::npos ? node->text() : place.file.substr(0, slash + 1) + node->text();
}

std::vector<Extent> extents(const rules::RuleFile& file) {
    std::vector<Extent> out;
    const Source source(file);
    for (const Place& place : source.places()) {
        const auto name = place.rule.find("alert");
        // What the group gives its rules changes them, too.
        std::string group;
        if (const auto labels = place.group.find("labels")) {
            for (const yaml::Node::Entry& entry : labels->entries())
                group += entry.name() + "=" + entry.value.text() + "\n";
        }
        if (name && name->is_scalar()) out.push_back({name->text(), group + source.text(place), table_of(place)});
    }
    return out;
}

}  // namespace tocsin::lint
