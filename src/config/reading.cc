#include "config/reading.h"

#include <filesystem>

#include "base/files.h"
#include "base/times.h"

namespace tocsin::config {

std::string Reading::beside(const std::string& path) const {
    const std::filesystem::path given(path);
    return (given.is_absolute() ? given : folder / given).lexically_normal().string();
}

void Reading::secret_fault(const yaml::Position& position, std::string message) const {
    if (purpose == Purpose::kRun)
        diagnostics.error(position, std::move(message));
    else
        diagnostics.warning(position, std::move(message));
}

std::optional<std::string> Reading::secret(const yaml::Node& path, std::string_view key) const {
    const auto name = yaml::as_string(path, key, diagnostics);
    if (!name || !needs_secrets()) return std::nullopt;
    auto text = read_file(beside(*name), kSecretBytesMax);
    if (!text.ok()) {
        secret_fault(path.position(), std::string(key) + ": " + text.error().message);
        return std::nullopt;
    }
    std::string content = std::move(text).value();
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
    if (content.empty()) {
        secret_fault(path.position(), std::string(key) + ": " + beside(*name) + " is empty");
        return std::nullopt;
    }
    return content;
}

void refuse_inline_secret(yaml::MapReader& map, std::string_view key, std::string_view file_key) {
    if (map.node().find(key)) map.diagnostics().hide_line(map.position(key));
    map.not_supported(key, std::string(key) + ": secrets stand in files only; write it into one and name it with " +
                               std::string(file_key));
}

std::vector<yaml::Node> list_of(yaml::MapReader& map, std::string_view key, std::size_t count_max) {
    const auto node = map.get(key);
    if (!node) return {};
    if (!node->is_sequence()) {
        map.diagnostics().error(node->position(), std::string(key) + ": expected a list, found " + node->describe());
        return {};
    }
    if (node->size() > count_max) {
        map.error(key, std::to_string(node->size()) + " entries; the limit is " + std::to_string(count_max));
        return {};
    }
    return node->items();
}

std::optional<std::int64_t> bounded_int(yaml::MapReader& map, std::string_view key, std::int64_t least,
                                        std::int64_t most) {
    const auto value = map.integer(key);
    if (!value || (*value >= least && *value <= most)) return value;
    map.diagnostics().error(map.get(key)->position(), std::string(key) + ": expected " + std::to_string(least) +
                                                          " to " + std::to_string(most) + ", found " +
                                                          std::to_string(*value));
    return std::nullopt;
}

std::optional<Duration> bounded_duration(yaml::MapReader& map, std::string_view key, Duration least, Duration most) {
    const auto value = map.duration(key);
    if (!value || (*value >= least && *value <= most)) return value;
    map.diagnostics().error(map.get(key)->position(), std::string(key) + ": expected " + format_duration(least) +
                                                          " to " + format_duration(most) + ", found " +
                                                          format_duration(*value));
    return std::nullopt;
}

}  // namespace tocsin::config
