#include "pipeline/history.h"

#include <algorithm>

#include "base/files.h"
#include "intake/head_merge.h"

namespace tocsin::pipeline {

Result<std::uint32_t> History::add_source(HistorySource source) {
    auto decoder = source.mapping == nullptr ? decode::Decoder::canonical(schema_)
                                             : TOCSIN_TRY(decode::Decoder::make(schema_, *source.mapping));
    sources_.push_back({std::move(source), std::move(decoder)});
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::optional<decode::Reject> History::decode(const Line& line, std::string_view text, Event& event) {
    Source& from = sources_[line.source];
    const decode::OriginRef origin{from.what.topic, from.what.partition, line.number};
    return from.what.in_kafka ? from.decoder.decode(text, line.headers, origin, event)
                              : from.decoder.decode(text, origin, event);
}

void History::add(std::uint32_t source, std::int64_t number, std::string_view text, decode::RecordHeaders headers) {
    ++records_;
    Line line{kBeforeAll, source, number, {}, std::move(headers)};
    Event event;
    if (auto reason = decode(line, text, event)) {
        ++unreadable_;
        trouble_({sources_[source].what.name, static_cast<std::uint64_t>(number), std::move(*reason)});
        return;
    }
    if (to_ && event.time > *to_) return;
    earliest_ = std::min(earliest_.value_or(event.time), event.time);
    latest_ = std::max(latest_.value_or(event.time), event.time);
    line.time = event.time;
    line.text = text;
    lines_.push_back(std::move(line));
}

Result<void> History::add_file(const std::string& path, const decode::TopicMapping& mapping, Duration disorder) {
    const std::uint32_t source = TOCSIN_TRY(add_source({path, &mapping, mapping.topic, 0, disorder}));
    auto reader = TOCSIN_TRY(LineReader::open(path));
    std::string text;
    for (std::int64_t number = 1; reader.next(text); ++number) add(source, number, text);
    return reader.status().context(path);
}

Result<void> History::add_lines(const std::string& name, const std::vector<std::string>& lines,
                                const decode::TopicMapping& mapping, Duration disorder) {
    const std::uint32_t source = TOCSIN_TRY(add_source({name, &mapping, mapping.topic, 0, disorder}));
    std::int64_t number = 0;
    for (const std::string& text : lines) add(source, ++number, text);
    return {};
}

void History::sort() {
    std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.time < b.time; });
}

void History::merge() {
    if (partitions_.size() < 2) return;
    struct Run {
        std::size_t at, end;
    };
    std::vector<Run> runs;
    intake::HeadMerge heads(intake::HeadMerge::Freshness::kNever);
    const auto show = [&](intake::InputId input) {
        const Run& run = runs[input];
        if (run.at == run.end)
            heads.head_is_caught_up(input);
        else
            heads.head_is(input, lines_[run.at].time, kBeforeAll);
    };
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
        runs.push_back({partitions_[i], i + 1 < partitions_.size() ? partitions_[i + 1] : lines_.size()});
        show(heads.add(0, static_cast<std::int32_t>(i), kBeforeAll));
    }
    std::vector<Line> merged;
    merged.reserve(lines_.size());
    for (auto next = heads.next(kBeforeAll); next.step == intake::HeadMerge::Step::kTake;
         next = heads.next(kBeforeAll)) {
        merged.push_back(std::move(lines_[runs[next.input].at++]));
        show(next.input);
    }
    lines_ = std::move(merged);
    partitions_.clear();
}

void History::read(const Line& line, Event& event) {
    const auto reason = decode(line, line.text, event);
    TOCSIN_CHECK(!reason, "the record was decoded when it was added");
}

void History::take(const std::function<void(const Event&, Duration)>& visit) {
    Event event;
    for (Line& line : lines_) {
        read(line, event);
        visit(event, sources_[line.source].what.disorder);
        if (keeps_) continue;
        std::string().swap(line.text);
        decode::RecordHeaders().swap(line.headers);
    }
    if (!keeps_) lines_.clear();
}

void History::keep_only(const std::function<bool(const Event&)>& wanted) {
    Event event;
    std::erase_if(lines_, [&](const Line& line) {
        read(line, event);
        return !wanted(event);
    });
}

}  // namespace tocsin::pipeline
