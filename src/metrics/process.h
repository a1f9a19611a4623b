#pragma once
/// What every Prometheus client says of its process, under the names that dashboards know: prometheus-cpp does not.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metrics.h"

namespace tocsin::metrics {

/// Names are whole: these families have no prefix.
const std::vector<Family>& process_families();

/// One reading of the operating system.
struct ProcessNumbers {
    double cpu_seconds = 0;
    double virtual_bytes = 0;
    double resident_bytes = 0;
    double started_at_seconds = 0;  ///< since 1970
    double threads = 0;
    double open_files = 0;
    double open_files_max = 0;  ///< +Inf: unlimited
};

/// Reads `<proc>/self` and `<proc>/stat`. Empty: not there or not understood, for instance where /proc is hidden; then
/// the page has no process families, which is no error.
std::optional<ProcessNumbers> read_process(const std::filesystem::path& proc = "/proc");

/// The families as lines of the text format.
std::string render_process(const ProcessNumbers& numbers);

}  // namespace tocsin::metrics
