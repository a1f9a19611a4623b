#include "intake/progress.h"

#include <limits>
#include <tuple>
#include <utility>

#include "intake/decimal.h"

namespace tocsin::intake {
namespace {

constexpr std::string_view kFormat = "1";
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string encode(const Progress& p) {
    std::string out(kFormat);
    for (const std::int64_t number : {p.epoch, p.next, p.last.offset, static_cast<std::int64_t>(p.last.fingerprint)}) {
        out += ' ';
        append_decimal(out, number);
    }
    return out;
}

std::optional<Progress> parse(std::string_view text) {
    const auto cut_number = [&text](std::int64_t lowest) -> std::optional<std::int64_t> {
        const auto part = cut_last(text, ' ');
        return part ? parse_decimal(*part, lowest, kMost) : std::nullopt;
    };
    const auto fingerprint = cut_number(kLeast);
    const auto offset = cut_number(-1);
    const auto next = cut_number(0);
    const auto epoch = cut_number(0);
    if (!fingerprint || !offset || !next || !epoch || text != kFormat || *offset >= *next) {
        return std::nullopt;
    }
    return Progress{*epoch, *next, {*offset, static_cast<std::uint64_t>(*fingerprint)}};
}

}  // namespace

void Witnesses::taken(const Witness& record) {
    const std::int64_t newest = waiting_.empty() ? settled_.offset : waiting_.back().offset;
    if (record.offset > newest) waiting_.push_back(record);
}

const Witness& Witnesses::settled(std::int64_t next) {
    for (; !waiting_.empty() && waiting_.front().offset < next; waiting_.pop_front()) settled_ = waiting_.front();
    return settled_;
}

ProgressTable::Entry& ProgressTable::entry(std::string_view topic, std::int32_t partition) {
    auto found = topics_.find(topic);
    if (found == topics_.end()) found = topics_.emplace(topic, std::map<std::int32_t, Entry>{}).first;
    return found->second[partition];
}

const ProgressTable::Entry* ProgressTable::find_entry(std::string_view topic, std::int32_t partition) const {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return nullptr;
    const auto it = found->second.find(partition);
    return it == found->second.end() ? nullptr : &it->second;
}

void ProgressTable::set(std::string_view topic, std::int32_t partition, const Progress& progress) {
    const std::lock_guard lock(mutex_);
    Entry& known = entry(topic, partition);
    if (known.progress == progress) return;
    known.progress = progress;
    known.dirty = true;
}

std::optional<Progress> ProgressTable::find(std::string_view topic, std::int32_t partition) const {
    const std::lock_guard lock(mutex_);
    const Entry* known = find_entry(topic, partition);
    return known == nullptr ? std::nullopt : known->progress;
}

void ProgressTable::count(std::string_view topic, std::int32_t partition, const OriginFilter::Counted& counted) {
    const std::lock_guard lock(mutex_);
    auto& known = entry(topic, partition).counted;
    if (!known || std::tie(counted.epoch, counted.highest) > std::tie(known->epoch, known->highest)) known = counted;
}

std::optional<OriginFilter::Counted> ProgressTable::counted(std::string_view topic, std::int32_t partition) const {
    const std::lock_guard lock(mutex_);
    const Entry* known = find_entry(topic, partition);
    return known == nullptr ? std::nullopt : known->counted;
}

bool ProgressTable::load(std::string_view key, std::string_view value) {
    if (key.empty() || key[0] != kKeyPrefix) return false;
    std::string_view topic = key.substr(1);
    const auto text = cut_last(topic, '/');
    const auto partition = text ? parse_decimal(*text, 0, std::numeric_limits<std::int32_t>::max()) : std::nullopt;
    const auto progress = parse(value);
    if (!partition || !progress || topic.empty()) return false;
    const std::lock_guard lock(mutex_);
    entry(topic, static_cast<std::int32_t>(*partition)).progress = progress;
    return true;
}

bool ProgressTable::write(WriteBatch& batch) {
    const std::lock_guard lock(mutex_);
    bool any = false;
    for (auto& [topic, partitions] : topics_) {
        for (auto& [partition, known] : partitions) {
            if (!std::exchange(known.dirty, false)) continue;
            std::string key(1, kKeyPrefix);
            key.append(topic).append("/");
            append_decimal(key, partition);
            batch.put(key, encode(*known.progress));
            any = true;
        }
    }
    return any;
}

}  // namespace tocsin::intake
