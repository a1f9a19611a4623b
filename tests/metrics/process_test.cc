/// A made-up /proc for the arithmetic, the real one for the truth.

#include "metrics/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <random>

namespace tocsin::metrics {
namespace {

class MadeUpProc {
public:
    MadeUpProc()
        : path_(std::filesystem::temp_directory_path() / ("tocsin-proc-" + std::to_string(std::random_device{}()))) {
        std::filesystem::create_directories(path_ / "self" / "fd");
    }
    MadeUpProc(const MadeUpProc&) = delete;
    MadeUpProc& operator=(const MadeUpProc&) = delete;
    ~MadeUpProc() { std::filesystem::remove_all(path_); }

    void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

constexpr const char* kStat =
    "77 (to) c (sin) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1000 123456 42 18446744073709551615 1 1 0 0 "
    "0\n";

TEST(Process, ReadsTheFieldsBehindANameWithBrackets) {
    const MadeUpProc proc;
    proc.write("self/stat", kStat);
    proc.write("stat", "cpu  1 2 3\nbtime 1700000000\n");
    for (const char* file : {"self/fd/0", "self/fd/1", "self/fd/2"}) proc.write(file, "");
    const auto numbers = read_process(proc.path());
    ASSERT_TRUE(numbers);
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    EXPECT_DOUBLE_EQ(numbers->cpu_seconds, 300 / ticks);
    EXPECT_DOUBLE_EQ(numbers->threads, 9);
    EXPECT_DOUBLE_EQ(numbers->started_at_seconds, 1700000000 + 1000 / ticks);
    EXPECT_DOUBLE_EQ(numbers->virtual_bytes, 123456);
    EXPECT_DOUBLE_EQ(numbers->resident_bytes, 42 * static_cast<double>(sysconf(_SC_PAGESIZE)));
    EXPECT_DOUBLE_EQ(numbers->open_files, 3);
    EXPECT_GT(numbers->open_files_max, 0);
}

TEST(Process, WhatIsNotUnderstoodGivesNoNumbers) {
    struct Case {
        const char* why;
        const char* self_stat;
        const char* stat;
    };
    const Case cases[] = {{"nothing there", nullptr, nullptr},
                          {"no time of boot", kStat, "cpu 1 2 3\n"},
                          {"no name", "77 tocsin S 1 77\n", "btime 1\n"},
                          {"cut short", "77 (tocsin) S 1 77 77 0\n", "btime 1\n"},
                          {"not a number", "77 (tocsin) S 1 77 x 0\n", "btime 1\n"}};
    for (const Case& c : cases) {
        const MadeUpProc proc;
        if (c.self_stat != nullptr) proc.write("self/stat", c.self_stat);
        if (c.stat != nullptr) proc.write("stat", c.stat);
        EXPECT_FALSE(read_process(proc.path())) << c.why;
    }
}

TEST(Process, TheRealOneIsThisProcess) {
    const auto numbers = read_process();
    ASSERT_TRUE(numbers);
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(numbers->resident_bytes, 1e6);
    EXPECT_GE(numbers->virtual_bytes, numbers->resident_bytes);
    EXPECT_GE(numbers->threads, 1);
    EXPECT_GE(numbers->open_files, 3);
    EXPECT_LT(numbers->started_at_seconds, now + 2);
    EXPECT_GT(numbers->started_at_seconds, now - 24 * 3600);
}

TEST(Process, IsWrittenInTheTextFormat) {
    ProcessNumbers numbers;
    numbers.cpu_seconds = 0.25;
    numbers.resident_bytes = 12345678901;
    numbers.open_files_max = std::numeric_limits<double>::infinity();
    const std::string text = render_process(numbers);
    EXPECT_NE(text.find("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 0.25\n"),
              std::string::npos);
    EXPECT_NE(text.find("\nprocess_resident_memory_bytes 12345678901\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\nprocess_max_fds +Inf\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace tocsin::metrics
