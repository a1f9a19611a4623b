#include "pipeline/replay.h"

#include <algorithm>

#include "base/files.h"
#include "decode/decoder.h"

namespace tocsin::pipeline {
namespace {

void count(ReplayCounts& counts, const task::Applied& applied) {
    switch (applied.outcome) {
        case task::Outcome::kCounted:
            ++counts.counted;
            break;
        case task::Outcome::kLate:
            ++counts.late;
            break;
        case task::Outcome::kDuplicate:
            ++counts.duplicate;
            break;
        case task::Outcome::kTooLate:
            ++counts.too_late;
            break;
    }
    if (applied.area == AreaTree::kUnknown) ++counts.unknown_area;
}

}  // namespace

Result<void> Replay::read(std::uint32_t index, const ReplayInput& input, const Trouble& trouble) {
    auto decoder = TOCSIN_TRY(decode::Decoder::make(setting_.schema, *input.mapping));
    std::uint64_t number = 0;
    const auto take = [&](const std::string& text) {
        ++number;
        ++counts_.lines;
        Event event;
        const decode::OriginRef origin{input.mapping->topic, 0, static_cast<std::int64_t>(number)};
        if (auto reason = decoder.decode(text, origin, event)) {
            ++counts_.unreadable;
            trouble({input.path, number, std::move(*reason)});
        } else if (!options_.to || event.time <= *options_.to) {
            lines_.push_back({event.time, index, number, text});
        }
    };
    if (!input.lines) return read_file(input.path, take);
    for (const std::string& text : *input.lines) take(text);
    return {};
}

Result<void> Replay::read_file(const std::string& path, const std::function<void(const std::string&)>& take) {
    auto reader = TOCSIN_TRY(LineReader::open(path));
    std::string text;
    while (reader.next(text)) take(text);
    return reader.status().context(path);
}

Result<void> Replay::apply(const std::vector<ReplayInput>& inputs, const Output& output) {
    std::vector<decode::Decoder> decoders;
    for (const ReplayInput& input : inputs)
        decoders.push_back(TOCSIN_TRY(decode::Decoder::make(setting_.schema, *input.mapping)));
    const bool by_time = options_.order == ReplayOrder::kTime;
    if (by_time) {
        std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.time < b.time; });
    }
    task::Task& task = group_.task(0);
    for (Line& line : lines_) {
        const ReplayInput& input = inputs[line.input];
        Event event;
        const decode::OriginRef origin{input.mapping->topic, 0, static_cast<std::int64_t>(line.number)};
        const auto reason = decoders[line.input].decode(line.text, origin, event);
        TOCSIN_CHECK(!reason, "the line was decoded when it was read");
        task.advance(by_time ? event.time : event.time - input.disorder);
        count(counts_, group_.apply(0, event));
        if (!by_time) give(output, /*sorted=*/false);
        line.text.clear();
        line.text.shrink_to_fit();
    }
    const Instant end = options_.to.value_or(std::max(group_.highest(), options_.until));
    if (end != kBeforeAll) group_.finish(end);
    give(output, by_time);
    return {};
}

void Replay::give(const Output& output, bool sorted) {
    std::vector<Transition> made = group_.task(0).take_transitions();
    if (sorted) {
        // A subject's own transitions keep the order in which they happened: a close stands before a new opening.
        const auto subject_before = [](const Transition& a, const Transition& b) {
            return std::lexicographical_compare(a.subject.begin(), a.subject.end(), b.subject.begin(), b.subject.end(),
                                                [](const auto& x, const auto& y) { return x.shown < y.shown; });
        };
        std::stable_sort(made.begin(), made.end(), [&](const Transition& a, const Transition& b) {
            if (a.at != b.at) return a.at < b.at;
            if (a.rule_order != b.rule_order) return a.rule_order < b.rule_order;
            return subject_before(a, b);
        });
    }
    for (const Transition& t : made) {
        if (!options_.from || t.at >= *options_.from) output(t);
    }
}

Result<ReplayCounts> Replay::run(const std::vector<ReplayInput>& inputs, const Trouble& trouble, const Output& output) {
    group_.adopt(rules_);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
        auto read_all = read(i, inputs[i], trouble);
        if (!read_all) return std::move(read_all).error();
    }
    auto applied = apply(inputs, output);
    if (!applied) return std::move(applied).error();
    return counts_;
}

}  // namespace tocsin::pipeline
