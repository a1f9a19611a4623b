#pragma once
/// The numbers of /metrics: names and labels of docs/metrics.md, nothing else. The only user of prometheus-cpp.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::metrics {

enum class Type { kCounter, kGauge, kHistogram };

/// One family. The table of all of them is the registry; docs/metrics.md is checked against it.
struct Family {
    std::string_view name;  ///< without the prefix tocsin_
    Type type;
    std::vector<std::string_view> labels;
    std::string_view help;  ///< one line: the library does not escape line breaks
};
const std::vector<Family>& families();

using Labels = std::vector<std::string>;  ///< values, in the order of Family::labels

/// Whether a label may have this value. Not: what is no UTF-8 (one such byte and Prometheus refuses the whole page),
/// more than Metrics::kLabelBytesMax, and anything that reads like a mobile number, because no series may ever name a
/// person.
[[nodiscard]] bool may_be_label(std::string_view value);

/// All numbers of one process. Any thread; each call takes a lock and looks the series up, so hot paths add up in plain
/// numbers and tell them once per commit.
class Metrics {
public:
    /// A family that would get more series counts the rest under "other" in every label, and so does each value that
    /// may not be a label; tocsin_metric_series_refused_total counts both.
    static constexpr std::size_t kSeriesMax = 2'000;
    static constexpr std::size_t kLabelBytesMax = 200;

    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// Unknown names and a wrong number of labels are bugs and abort.
    void add(std::string_view family, const Labels& labels = {}, double by = 1);
    void set(std::string_view family, const Labels& labels, double value);
    void set(std::string_view family, double value) { set(family, {}, value); }
    void observe(std::string_view family, const Labels& labels, double value);
    /// Removes all series of a gauge, before it is set anew.
    void clear(std::string_view family);
    /// Called before each rendering, to set what is asked of the system.
    void before_rendering(std::function<void(Metrics&)> collect);

    /// The page of /metrics in Prometheus' text format 0.0.4, process families included.
    [[nodiscard]] std::string render();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tocsin::metrics
