#include "intake/marks.h"

#include <algorithm>
#include <limits>

#include "intake/decimal.h"

namespace tocsin::intake {
namespace {

constexpr std::string_view kFormat = "1";

/// The most partitions of a topic that a mark may claim: the reader makes room for each.
constexpr std::int32_t kPartitionsMax = 100'000;

std::optional<Mark> parse_one(std::string_view text) {
    const auto time = cut_last(text, '=');
    const auto partitions_text = cut_last(text, '/');
    const auto partition_text = cut_last(text, '/');
    if (!time || !partitions_text || !partition_text) return std::nullopt;
    if (text.empty() || text.find_first_of("/= ") != std::string_view::npos) return std::nullopt;
    const auto millis = parse_decimal(*time, to_millis(kBeforeAll), to_millis(kNever));
    const auto partitions = parse_decimal(*partitions_text, 1, kPartitionsMax);
    if (!millis || !partitions) return std::nullopt;
    const auto partition = parse_decimal(*partition_text, 0, *partitions - 1);
    if (!partition) return std::nullopt;
    return Mark{text, static_cast<std::int32_t>(*partition), static_cast<std::int32_t>(*partitions),
                from_millis(*millis)};
}

}  // namespace

std::string encode_marks(const Marks& marks) {
    std::string out(kFormat);
    out += ' ';
    append_decimal(out, to_millis(marks.taken_to));
    if (marks.idle) out += '!';
    for (const Mark& mark : marks.inputs) {
        out.append(" ").append(mark.topic).append("/");
        append_decimal(out, mark.partition);
        out += '/';
        append_decimal(out, mark.partitions);
        out += '=';
        append_decimal(out, to_millis(mark.upto));
    }
    return out;
}

std::optional<Marks> parse_marks(std::string_view header) {
    if (header.substr(0, kFormat.size()) != kFormat) return std::nullopt;
    std::string_view rest = header.substr(kFormat.size());
    // The next word, or nothing.
    const auto word = [&rest]() -> std::optional<std::string_view> {
        if (rest.empty() || rest[0] != ' ') return std::nullopt;
        const std::size_t length = std::min(rest.find(' ', 1), rest.size());
        const std::string_view found = rest.substr(1, length - 1);
        rest.remove_prefix(length);
        return found;
    };
    Marks marks;
    auto progress = word();
    if (!progress) return std::nullopt;
    marks.idle = progress->ends_with('!');
    if (marks.idle) progress->remove_suffix(1);
    const auto taken_to = parse_decimal(*progress, to_millis(kBeforeAll), to_millis(kNever));
    if (!taken_to) return std::nullopt;
    marks.taken_to = from_millis(*taken_to);
    while (!rest.empty()) {
        const auto text = word();
        const auto mark = text ? parse_one(*text) : std::nullopt;
        if (!mark) return std::nullopt;
        marks.inputs.push_back(*mark);
    }
    return marks;
}

void CoveredUpTo::high_watermark(Instant asked_at, std::int64_t high) {
    if (!answers_.empty() && asked_at <= answers_.back().asked_at) return;  // answers may overtake each other
    if (answers_.size() == kAnswersMax) answers_.pop_back();
    answers_.push_back({asked_at, high});
    settle();
}

void CoveredUpTo::position(std::int64_t next) {
    next_ = std::max(next_, next);
    settle();
}

void CoveredUpTo::settle() {
    while (!answers_.empty() && answers_.front().high <= next_) {
        upto_ = std::max(upto_.value_or(kBeforeAll), answers_.front().asked_at);
        answers_.pop_front();
    }
}

InputClocks::InputClocks(const std::vector<std::string>& topics, Instant now) {
    for (const std::string& topic : topics) topics_[topic].partitions.push_back({std::nullopt, now});
}

InputClocks::Partition* InputClocks::find(const Mark& about, Instant now) {
    const auto found = topics_.find(about.topic);
    const std::int32_t needed = std::max(about.partition + 1, about.partitions);
    if (found == topics_.end() || about.partition < 0 || needed > kPartitionsMax) return nullptr;
    std::vector<Partition>& known = found->second.partitions;
    if (known.size() < static_cast<std::size_t>(needed)) {
        known.resize(static_cast<std::size_t>(needed), Partition{std::nullopt, now});
    }
    return &known[static_cast<std::size_t>(about.partition)];
}

void InputClocks::mark(const std::vector<Mark>& marks, Instant now) {
    for (const Mark& each : marks) {
        Partition* partition = find(each, now);
        // A mark that repeats its T says that the intake lives, not that it has read the input.
        if (partition == nullptr || (partition->upto && *partition->upto >= each.upto)) continue;
        partition->upto = each.upto;
        partition->heard = now;
    }
}

void InputClocks::record(std::string_view topic, std::int32_t partition, Instant now) {
    if (Partition* known = find(Mark{topic, partition}, now)) known->heard = now;
}

std::optional<Instant> InputClocks::caught_up_to() const {
    Instant lowest = kNever;
    for (const auto& [name, topic] : topics_) {
        for (const Partition& partition : topic.partitions) {
            if (!partition.upto) return std::nullopt;
            lowest = std::min(lowest, *partition.upto);
        }
    }
    return topics_.empty() ? std::nullopt : std::optional<Instant>(lowest);
}

std::vector<std::string> InputClocks::silent(Instant now) const {
    std::vector<std::string> names;
    for (const auto& [name, topic] : topics_) {
        const bool one_is = std::any_of(topic.partitions.begin(), topic.partitions.end(),
                                        [&](const Partition& each) { return each.heard + kSilentAfter <= now; });
        if (one_is) names.push_back(name);
    }
    return names;
}

}  // namespace tocsin::intake
