#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "base/json_text.h"
#include "base/times.h"

namespace tocsin {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kLogfmt};
std::array<std::atomic<std::uint64_t>, 4> g_lines{};

spdlog::logger& sink() {
    static const auto logger = [] {
        auto made = std::make_shared<spdlog::logger>("tocsin", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *logger;
}

// Bare if it is a plain word, in quotes otherwise: one entry never looks like two.
void append_logfmt_value(std::string& out, std::string_view value) {
    const bool bare =
        !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos &&
        value.find_first_not_of(
            "!#$%&'()*+,-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~") ==
            std::string_view::npos;
    if (bare)
        out += value;
    else
        append_json_string(out, value);
}

}  // namespace

void set_log(LogLevel least, LogFormat format) {
    g_least = least;
    g_format = format;
}

std::uint64_t log_lines(LogLevel level) {
    return g_lines[static_cast<std::size_t>(level)];
}

std::string format_log_line(LogFormat format, std::string_view timestamp, LogLevel level, std::string_view caller,
                            std::string_view component, std::string_view message, LogFields fields) {
    std::string out = format == LogFormat::kJson ? "{" : "";
    const auto entry = [&](std::string_view key, std::string_view value) {
        if (out.size() > 1) out.push_back(format == LogFormat::kJson ? ',' : ' ');
        if (format == LogFormat::kJson) {
            append_json_string(out, key);
            out.push_back(':');
            append_json_string(out, value);
        } else {
            out += key;
            out.push_back('=');
            append_logfmt_value(out, value);
        }
    };
    entry("ts", timestamp);
    entry("level", kLogLevelNames[static_cast<std::size_t>(level)]);
    entry("caller", caller);
    entry("component", component);
    entry("msg", message);
    for (const LogField& field : fields) entry(field.key, field.value);
    if (format == LogFormat::kJson) out.push_back('}');
    return out;
}

void log(LogLevel level, std::string_view component, std::string_view message, LogFields fields, Caller where) {
    g_lines[static_cast<std::size_t>(level)]++;
    if (level < g_least.load()) return;
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    std::string_view file = where.file;
    file = file.substr(file.rfind('/') + 1);
    const std::string caller = std::string(file) + ":" + std::to_string(where.line);
    sink().log(spdlog::level::info,
               format_log_line(g_format, format_rfc3339(now), level, caller, component, message, fields));
}

}  // namespace tocsin
