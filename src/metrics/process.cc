#include "metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <system_error>

#include "tocsin/check.h"

namespace tocsin::metrics {
namespace {

// Fields of /proc/self/stat, counted from 1 as in proc(5). The second is the program's name in brackets, which may hold
// blanks and brackets of its own: the others are counted from behind its last bracket.
constexpr std::size_t kFirstBehindName = 3, kUserTicks = 14, kSystemTicks = 15, kThreads = 20, kStartTicks = 22,
                      kVirtualBytes = 23, kResidentPages = 24;

std::optional<std::vector<double>> fields_of_stat(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest(line.substr(name_end + 1));
    std::string state;
    rest >> state;  // a letter
    std::vector<double> fields(kFirstBehindName + 1, 0);
    for (double number = 0; fields.size() <= kResidentPages && rest >> number;) fields.push_back(number);
    if (fields.size() <= kResidentPages) return std::nullopt;
    return fields;
}

std::optional<double> boot_time_seconds(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string word;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        double seconds = 0;
        if (words >> word && word == "btime" && words >> seconds) return seconds;
    }
    return std::nullopt;
}

double open_files_max() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::numeric_limits<double>::infinity();
    }
    return static_cast<double>(limit.rlim_cur);
}

std::string text(double value) {
    if (value == std::numeric_limits<double>::infinity()) return "+Inf";
    std::ostringstream out;
    out.precision(15);
    out << value;
    return out.str();
}

}  // namespace

const std::vector<Family>& process_families() {
    using enum Type;
    static const std::vector<Family> kFamilies = {
        {"process_cpu_seconds_total", kCounter, {}, "CPU time of the process, user and system."},
        {"process_virtual_memory_bytes", kGauge, {}, "Address space."},
        {"process_resident_memory_bytes", kGauge, {}, "Memory that is in RAM."},
        {"process_start_time_seconds", kGauge, {}, "When the process was started."},
        {"process_threads", kGauge, {}, "Threads."},
        {"process_open_fds", kGauge, {}, "Open files and sockets."},
        {"process_max_fds", kGauge, {}, "As many may be open."},
    };
    return kFamilies;
}

std::optional<ProcessNumbers> read_process(const std::filesystem::path& proc) {
    const auto fields = fields_of_stat(proc / "self" / "stat");
    const auto booted = boot_time_seconds(proc / "stat");
    if (!fields || !booted) return std::nullopt;
    const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
    ProcessNumbers numbers;
    numbers.cpu_seconds = ((*fields)[kUserTicks] + (*fields)[kSystemTicks]) / ticks_per_second;
    numbers.threads = (*fields)[kThreads];
    numbers.started_at_seconds = *booted + (*fields)[kStartTicks] / ticks_per_second;
    numbers.virtual_bytes = (*fields)[kVirtualBytes];
    numbers.resident_bytes = (*fields)[kResidentPages] * page_bytes;
    numbers.open_files_max = open_files_max();
    std::error_code failed;
    for (std::filesystem::directory_iterator it(proc / "self" / "fd", failed), end; !failed && it != end;
         it.increment(failed)) {
        ++numbers.open_files;
    }
    return numbers;
}

std::string render_process(const ProcessNumbers& n) {
    const std::array values{n.cpu_seconds, n.virtual_bytes, n.resident_bytes, n.started_at_seconds,
                            n.threads,     n.open_files,    n.open_files_max};
    const std::vector<Family>& families = process_families();
    TOCSIN_CHECK(values.size() == families.size(), "the table and the numbers are in the same order");
    std::string out;
    for (std::size_t i = 0; i < families.size(); ++i) {
        const std::string name(families[i].name);
        out += "# HELP " + name + " " + std::string(families[i].help) + "\n# TYPE " + name +
               (families[i].type == Type::kCounter ? " counter\n" : " gauge\n") + name + " " + text(values[i]) + "\n";
    }
    return out;
}

}  // namespace tocsin::metrics
