#include <algorithm>
#include <filesystem>
#include <set>

#include "config/reading.h"

namespace tocsin::config {

namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string_view text) {
    return text.find_first_of("*?") != std::string_view::npos;
}

/// Whether the name fits the pattern: `*` is any run of characters, `?` one byte. Linear in the name for each `*`.
bool fits(std::string_view name, std::string_view pattern) {
    std::size_t n = 0, p = 0;
    std::size_t star = std::string_view::npos, retry = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++retry;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// The files a pattern means, by name. Hidden ones only if the pattern begins with a dot.
std::vector<std::string> matches(const fs::path& pattern) {
    std::vector<std::string> found;
    const std::string name = pattern.filename().string();
    const fs::path folder = pattern.has_parent_path() ? pattern.parent_path() : fs::path(".");
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string candidate = it->path().filename().string();
        std::error_code unreadable;
        if ((candidate[0] == '.') != (name[0] == '.') || !fits(candidate, name)) continue;
        if (!it->is_regular_file(unreadable)) continue;
        found.push_back(pattern.has_parent_path() ? (pattern.parent_path() / candidate).string() : candidate);
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace

std::vector<std::string> expand_rule_files(const std::vector<yaml::Node>& patterns, const Reading& reading) {
    std::vector<std::string> files;
    std::set<std::string> seen;
    for (const yaml::Node& node : patterns) {
        const fs::path path = reading.beside(node.text());
        if (has_wildcard(path.parent_path().string())) {
            reading.diagnostics.error(node.position(), "rule_files: wildcards stand only in the last part of a path");
            continue;
        }
        std::error_code error;
        const bool is_pattern = has_wildcard(path.filename().string());
        if (!is_pattern && !fs::is_regular_file(path, error)) {
            const bool is_folder = fs::is_directory(path, error);
            reading.diagnostics.error(node.position(), is_folder ? "rule_files: " + path.string() +
                                                                       " is a folder; write " + node.text() + "/*.yml"
                                                                 : "rule_files: there is no file " + path.string());
            continue;
        }
        const std::vector<std::string> found = is_pattern ? matches(path) : std::vector<std::string>{path.string()};
        if (found.empty()) reading.diagnostics.warning(node.position(), "rule_files: no file fits " + path.string());
        for (const std::string& file : found)
            if (seen.insert(file).second) files.push_back(file);
    }
    if (files.size() > kRuleFilesMax)
        reading.diagnostics.error(patterns.front().position(),
                                  "rule_files: more than " + std::to_string(kRuleFilesMax) + " files");
    return files;
}

}  // namespace tocsin::config
