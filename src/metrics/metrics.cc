#include "metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/json_text.h"
#include "metrics/process.h"
#include "tocsin/check.h"

namespace tocsin::metrics {
namespace {

// OpenTelemetry's boundaries for seconds.
const prometheus::Histogram::BucketBoundaries kSeconds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                       0.5,   0.75, 1,     2.5,  5,     7.5, 10};

// 11 digits beginning with 13 to 19, with or without the country code: China's mobile numbers. Area codes have 2 to 9
// or 12 digits, so none of them is taken for one.
bool reads_like_a_mobile_number(std::string_view value) {
    for (const std::string_view prefix : {"+86", "0086", "86"}) {
        if (value.size() == prefix.size() + 11 && value.starts_with(prefix)) value.remove_prefix(prefix.size());
    }
    return value.size() == 11 && value[0] == '1' && value[1] >= '3' &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool may_be_label(std::string_view value) {
    return value.size() <= Metrics::kLabelBytesMax && is_utf8(value) && !reads_like_a_mobile_number(value);
}

struct Metrics::State {
    struct Entry {
        const Family* family = nullptr;
        prometheus::Family<prometheus::Counter>* counters = nullptr;
        prometheus::Family<prometheus::Gauge>* gauges = nullptr;
        prometheus::Family<prometheus::Histogram>* histograms = nullptr;
        std::map<Labels, void*> series;
    };
    std::mutex mutex;
    prometheus::Registry registry;
    std::map<std::string_view, Entry> entries;
    std::vector<std::function<void(Metrics&)>> collectors;
    std::uint64_t refused = 0;  // not yet in metric_series_refused_total

    // The series, made at first use; at the limit the one where every label says "other".
    template <typename Number, typename Make>
    Number& series(Entry& entry, const Labels& labels, Make make) {
        TOCSIN_CHECK(labels.size() == entry.family->labels.size(), "callers give a value for each label of the family");
        if (const auto it = entry.series.find(labels); it != entry.series.end())
            return *static_cast<Number*>(it->second);
        // Asked for new series only: known ones cost a look-up and nothing else.
        const bool refuse =
            entry.series.size() >= kSeriesMax || !std::all_of(labels.begin(), labels.end(), may_be_label);
        if (const Labels other(labels.size(), "other"); refuse && other != labels) {
            ++refused;
            return series<Number>(entry, other, make);
        }
        std::map<std::string, std::string> named;
        for (std::size_t i = 0; i < labels.size(); ++i) named.emplace(entry.family->labels[i], labels[i]);
        Number* made = make(named);
        entry.series.emplace(labels, made);
        return *made;
    }
    std::uint64_t take_refused() {
        const std::lock_guard lock(mutex);
        return std::exchange(refused, 0);
    }
    Entry& entry(std::string_view family, Type type) {
        const auto it = entries.find(family);
        TOCSIN_CHECK(it != entries.end() && it->second.family->type == type, "callers name families of the table");
        return it->second;
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
    for (const Family& family : families()) {
        State::Entry& entry = state_->entries[family.name];
        entry.family = &family;
        const std::string name = "tocsin_" + std::string(family.name), help(family.help);
        switch (family.type) {
            case Type::kCounter:
                entry.counters = &prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
                break;
            case Type::kGauge:
                entry.gauges = &prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
                break;
            case Type::kHistogram:
                entry.histograms = &prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
                break;
        }
        // Families without labels are there from the start: a zero says more than nothing.
        if (!family.labels.empty()) continue;
        if (family.type == Type::kCounter) add(family.name, {}, 0);
        if (family.type == Type::kGauge) set(family.name, 0);
    }
}
Metrics::~Metrics() = default;

void Metrics::add(std::string_view family, const Labels& labels, double by) {
    const std::lock_guard lock(state_->mutex);
    State::Entry& e = state_->entry(family, Type::kCounter);
    state_->series<prometheus::Counter>(e, labels, [&](const auto& l) { return &e.counters->Add(l); }).Increment(by);
}

void Metrics::set(std::string_view family, const Labels& labels, double value) {
    const std::lock_guard lock(state_->mutex);
    State::Entry& e = state_->entry(family, Type::kGauge);
    state_->series<prometheus::Gauge>(e, labels, [&](const auto& l) { return &e.gauges->Add(l); }).Set(value);
}

void Metrics::observe(std::string_view family, const Labels& labels, double value) {
    const std::lock_guard lock(state_->mutex);
    State::Entry& e = state_->entry(family, Type::kHistogram);
    state_->series<prometheus::Histogram>(e, labels, [&](const auto& l) { return &e.histograms->Add(l, kSeconds); })
        .Observe(value);
}

void Metrics::clear(std::string_view family) {
    const std::lock_guard lock(state_->mutex);
    State::Entry& e = state_->entry(family, Type::kGauge);
    for (const auto& [labels, gauge] : e.series) e.gauges->Remove(static_cast<prometheus::Gauge*>(gauge));
    e.series.clear();
}

void Metrics::before_rendering(std::function<void(Metrics&)> collect) {
    const std::lock_guard lock(state_->mutex);
    state_->collectors.push_back(std::move(collect));
}

std::string Metrics::render() {
    std::vector<std::function<void(Metrics&)>> collectors;
    {
        const std::lock_guard lock(state_->mutex);
        collectors = state_->collectors;
    }
    for (const auto& collect : collectors) collect(*this);
    add("metric_series_refused_total", {}, static_cast<double>(state_->take_refused()));
    std::string page;
    {
        const std::lock_guard lock(state_->mutex);
        page = prometheus::TextSerializer().Serialize(state_->registry.Collect());
    }
    if (const auto process = read_process()) page += render_process(*process);
    return page;
}

}  // namespace tocsin::metrics
