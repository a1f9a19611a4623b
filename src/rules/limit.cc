// `interval` and `limit`, and the rule that warns of what a limit withholds.
#include <array>

#include "base/times.h"
#include "rules/canonical.h"
#include "rules/rule_reader.h"
#include "rules/template.h"

namespace tocsin::rules {

std::optional<Duration> read_interval(yaml::MapReader& map) {
    const auto interval = map.duration("interval");
    if (!interval || (*interval >= kIntervalMin && *interval <= kIntervalMax)) return interval;
    map.error("interval", "between " + format_duration(kIntervalMin) + " and " + format_duration(kIntervalMax) +
                              "; without it rules are judged at every event");
    return std::nullopt;
}

std::optional<std::int64_t> read_limit(yaml::MapReader& map) {
    const auto limit = map.integer("limit");
    if (!limit || (*limit >= 0 && *limit <= kLimitMax)) return limit;
    map.error("limit", "between 0 (none) and " + std::to_string(kLimitMax));
    return std::nullopt;
}

Rule overflow_of(const Rule& rule, const EventSchema& schema) {
    Rule overflow;
    overflow.name = rule.name + "OverLimit";
    overflow.group = rule.group;
    overflow.owner = rule.owner;
    overflow.source = rule.source;
    overflow.file = rule.file;
    overflow.line = rule.line;
    overflow.experimental = rule.experimental;
    overflow.labels = rule.labels;
    for (const char* name : {"open", "withheld"}) {
        Measure& m = overflow.measures.emplace_back();
        m.name = name;
        m.fn = MeasureFn::kCount;
    }
    for (std::size_t i = 1; i < kLevels; ++i) {
        if (rule.levels[i]) overflow.levels[i] = overflow.stays[i] = Expression();
    }
    const std::string limit = std::to_string(rule.limit);
    const std::array<std::pair<const char*, std::string>, 2> texts{{
        {"summary", "{{ $withheld }} of {{ $open }} open episodes of " + rule.name +
                        " are not told one by one: its limit is " + limit + "."},
        {"summary_zh",
         rule.name + " 有 {{ $open }} 个未结事件,超过上限 " + limit + ",其中 {{ $withheld }} 个不再逐个通知。"},
    }};
    const TemplateNames names{schema, overflow.measures, {}, false, {}};
    for (const auto& [name, text] : texts) {
        Fault fault;
        auto compiled = compile_template(text, names, fault);
        if (compiled) overflow.annotations[name] = std::move(*compiled);
    }
    set_hashes(overflow, schema);
    return overflow;
}

}  // namespace tocsin::rules
