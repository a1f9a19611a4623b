#pragma once
/// Log lines for operators, on stderr: logfmt (`ts=… level=… component=… msg="…" key=value`) or JSON. Never a
/// customer's number: callers pass names of things, counts and pseudonyms. Any thread may log.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

enum class LogLevel : std::uint8_t { kDebug = 0, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kLogfmt, kJson };
constexpr std::array<std::string_view, 4> kLogLevelNames{"debug", "info", "warn", "error"};

/// One `key=value` of a line.
struct LogField {
    std::string_view key;
    std::string value;
    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(v) {}
    LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
    template <typename Number>
    requires std::is_arithmetic_v<Number> LogField(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}
};
using LogFields = std::initializer_list<LogField>;

/// Where a line was asked for. Not std::source_location, which clang 14 cannot read from this standard library.
struct Caller {
    const char* file;
    int line;
    static constexpr Caller here(const char* from = __builtin_FILE(), int at = __builtin_LINE()) { return {from, at}; }
};

/// Where and how lines are written from now on. Call it before other threads log.
void set_log(LogLevel least, LogFormat format);
/// Lines of this level since the start, written or not (metric log_messages_total).
std::uint64_t log_lines(LogLevel level);
/// One line, as it would be written; for tests and for log().
std::string format_log_line(LogFormat format, std::string_view timestamp, LogLevel level, std::string_view caller,
                            std::string_view component, std::string_view message, LogFields fields);

void log(LogLevel level, std::string_view component, std::string_view message, LogFields fields = {},
         Caller where = Caller::here());
inline void log_debug(std::string_view component, std::string_view message, LogFields fields = {},
                      Caller where = Caller::here()) {
    log(LogLevel::kDebug, component, message, fields, where);
}
inline void log_info(std::string_view component, std::string_view message, LogFields fields = {},
                     Caller where = Caller::here()) {
    log(LogLevel::kInfo, component, message, fields, where);
}
inline void log_warn(std::string_view component, std::string_view message, LogFields fields = {},
                     Caller where = Caller::here()) {
    log(LogLevel::kWarn, component, message, fields, where);
}
inline void log_error(std::string_view component, std::string_view message, LogFields fields = {},
                      Caller where = Caller::here()) {
    log(LogLevel::kError, component, message, fields, where);
}

}  // namespace tocsin
