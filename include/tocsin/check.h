#pragma once
/// For what cannot happen: checked in every build, because going on with broken state would write it to disk.
/// Input from Kafka, files, the network or an operator never reaches a check; it becomes an Error (result.h).

namespace tocsin {

/// Prints the place and the reason to stderr and aborts. The last commit stands; a restart re-reads from there.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* because) noexcept;

}  // namespace tocsin

#define TOCSIN_CHECK(condition, because)                                     \
    do {                                                                     \
        if (!(condition)) [[unlikely]]                                       \
            ::tocsin::check_failed(__FILE__, __LINE__, #condition, because); \
    } while (false)
