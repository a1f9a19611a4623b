#pragma once
/// The engine's facts as metrics: added up in plain numbers, told once per commit.

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/metrics.h"
#include "pipeline/tally.h"
#include "tocsin/schema.h"

namespace tocsin::pipeline {

/// Engine thread only; publish() hands the sums to the registry.
class MetricsTally : public Tally {
public:
    MetricsTally(metrics::Metrics& metrics, const EventSchema& schema, AreaTree& areas, std::string log_topic,
                 std::function<void(const Transition&)> watch = nullptr);

    void consumed(std::uint32_t lane, std::size_t records) override;
    void applied(const Event& event, const task::Applied& applied) override;
    void set_aside(std::string_view topic, std::string_view code) override;
    void repeated() override { ++repeated_; }
    void made(const Transition& transition) override;
    void timer(Duration late) override;
    void committed(std::uint32_t lane, std::size_t bytes) override;

    /// An episode that was open when the process started.
    void open_at_start(const std::string& rule, Level level, bool is_case, const std::string& area);
    /// The rules in force that are promises: a case of theirs is open for as long as the promise is broken.
    void promises(std::set<std::string> rules) { promises_ = std::move(rules); }
    void publish();
    [[nodiscard]] std::uint64_t records() const { return consumed_total_; }

private:
    struct Kind {
        std::uint64_t processed = 0, late = 0, duplicate = 0;
        double age_seconds = 0;
        bool seen = false;
    };
    void count(std::string_view family, metrics::Labels labels) { ++counts_[{family, std::move(labels)}]; }
    void count_open(const std::string& rule, Level level, bool is_case, const std::string& area, int by);
    void count_complaint(AreaId area, std::string_view channel);
    [[nodiscard]] const Area& city_of(AreaId area) const;
    void publish_areas();

    metrics::Metrics& metrics_;
    const EventSchema& schema_;
    AreaTree& areas_;
    std::string log_topic_;
    std::function<void(const Transition&)> watch_;
    std::vector<Kind> kinds_;
    std::uint64_t consumed_ = 0, consumed_total_ = 0, repeated_ = 0, unknown_area_ = 0, rolled_up_ = 0, uncovered_ = 0;
    Instant latest_ = kBeforeAll;
    static constexpr std::size_t kChannelsMax = 50;  // of one area; more are counted as "other"
    std::optional<KindId> complaint_;
    std::vector<std::map<std::string, std::uint64_t, std::less<>>> complaints_;  // by area, then channel
    std::map<std::string, std::map<std::string, int>> cases_;                    // open, by rule, then city
    std::set<std::string> promises_;
    std::map<std::pair<std::string_view, metrics::Labels>, std::uint64_t>
        counts_;                                 // since publish(), by family and labels
    std::map<std::string, Instant> last_match_;  // by rule
    struct Open {
        int cases = 0, warnings = 0;
    };
    std::map<std::string, std::array<Open, kLevels>> open_;        // by rule
    std::map<std::string, std::array<int, kLevels>> area_levels_;  // open warnings by area, at city level and above
};

}  // namespace tocsin::pipeline
