#include "rules/pattern.h"

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace tocsin::rules {
namespace {

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

bool is_group_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The group's number; -1: the pattern has none of that name.
int group_of(std::string_view name, const re2::RE2& pattern) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) {
        return number >= 0 && number <= pattern.NumberOfCapturingGroups() ? number : -1;
    }
    const auto& names = pattern.NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    return found == names.end() ? -1 : found->second;
}

}  // namespace

Pattern compile_pattern(std::string_view text, Captures captures, std::string& problem) {
    if (text.size() > kPatternBytesMax) {
        problem = "the regular expression has " + std::to_string(text.size()) + " bytes, at most " +
                  std::to_string(kPatternBytesMax);
        return nullptr;
    }
    re2::RE2::Options options;
    options.set_max_mem(kPatternMemoryMax);
    options.set_log_errors(false);
    options.set_never_capture(captures == Captures::kNone);
    auto compiled = std::make_shared<const re2::RE2>(piece(text), options);
    if (compiled->ok()) return compiled;
    problem = "bad regular expression: " + compiled->error();
    return nullptr;
}

std::size_t steps_of(const re2::RE2& pattern) {
    return static_cast<std::size_t>(pattern.ProgramSize());
}

bool is_found(const re2::RE2& pattern, std::string_view text) {
    return re2::RE2::PartialMatch(piece(text), pattern);
}

bool Replacement::read(std::string_view text, const re2::RE2& pattern, std::string& problem) {
    std::string plain;
    for (std::size_t at = 0; at < text.size();) {
        const bool braced = text.substr(at).starts_with("${");
        std::size_t end = at + (braced ? 2 : 1);
        const std::size_t begin = end;
        if (text[at] == '$') {
            while (end < text.size() && is_group_letter(text[end])) ++end;
        }
        const std::string_view name = text.substr(begin, end - begin);
        if (text[at] != '$' || name.empty() || (braced && (end == text.size() || text[end] != '}'))) {
            plain += text[at];  // no reference after all; of "$$" one dollar
            at += text.substr(at).starts_with("$$") ? 2 : 1;
            continue;
        }
        const int group = group_of(name, pattern);
        if (group < 0) {
            problem = "the regular expression has no group `" + std::string(name) + "`";
            if (const auto letter = name.find_first_not_of("0123456789"); letter != 0 && letter != name.npos)
                problem += "; write ${" + std::string(name.substr(0, letter)) + "}" + std::string(name.substr(letter));
            return false;
        }
        if (!plain.empty()) parts.push_back({std::exchange(plain, {}), -1});
        parts.push_back({{}, group});
        at = end + (braced ? 1 : 0);
    }
    if (!plain.empty()) parts.push_back({plain, -1});
    return true;
}

std::string replace_all(const re2::RE2& pattern, const Replacement& by, std::string_view text, std::size_t bytes_max) {
    std::string out;
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1);
    std::size_t copied = 0;    // of the text
    bool may_be_empty = true;  // a match of nothing right behind another one does not count
    for (std::size_t from = 0; from <= text.size() && out.size() <= bytes_max;) {
        if (!pattern.Match(piece(text), from, text.size(), re2::RE2::UNANCHORED, groups.data(),
                           static_cast<int>(groups.size())))
            break;
        const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
        const std::size_t end = begin + groups[0].size();
        if (begin < end || begin > copied || may_be_empty) {
            out += text.substr(copied, begin - copied);
            for (const Replacement::Part& part : by.parts) {
                if (part.group < 0) {
                    out += part.text;
                } else {
                    const re2::StringPiece& group = groups[static_cast<std::size_t>(part.group)];
                    out.append(group.data(), group.size());
                }
            }
            copied = end;
        }
        may_be_empty = false;
        from = end;
        if (begin == end) {  // on by one character
            ++from;
            while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
        }
    }
    out += text.substr(std::min(copied, text.size()));
    return out;
}

}  // namespace tocsin::rules
