#include "pipeline/history.h"

#include <algorithm>

#include "base/files.h"

namespace tocsin::pipeline {

Result<std::uint32_t> History::add_source(HistorySource source) {
    auto decoder = source.mapping == nullptr ? decode::Decoder::canonical(schema_)
                                             : TOCSIN_TRY(decode::Decoder::make(schema_, *source.mapping));
    sources_.push_back({std::move(source), std::move(decoder)});
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

void History::add(std::uint32_t source, std::int64_t number, std::string_view text) {
    ++records_;
    Source& from = sources_[source];
    Event event;
    if (auto reason = from.decoder.decode(text, {from.what.topic, from.what.partition, number}, event)) {
        ++unreadable_;
        trouble_({from.what.name, static_cast<std::uint64_t>(number), std::move(*reason)});
        return;
    }
    if (to_ && event.time > *to_) return;
    earliest_ = std::min(earliest_.value_or(event.time), event.time);
    latest_ = std::max(latest_.value_or(event.time), event.time);
    lines_.push_back({event.time, source, number, std::string(text)});
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

void History::read(const Line& line, Event& event) {
    Source& from = sources_[line.source];
    const auto reason = from.decoder.decode(line.text, {from.what.topic, from.what.partition, line.number}, event);
    TOCSIN_CHECK(!reason, "the record was decoded when it was added");
}

void History::take(const std::function<void(const Event&, Duration)>& visit) {
    Event event;
    for (Line& line : lines_) {
        read(line, event);
        visit(event, sources_[line.source].what.disorder);
        if (!keeps_) std::string().swap(line.text);
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
