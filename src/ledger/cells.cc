#include "ledger/cells.h"

#include <algorithm>

#include "ledger/codec.h"

namespace tocsin::ledger {
namespace {

constexpr std::uint8_t kBucketFormat = 1;

void bump(std::vector<Bucket::Repeat>& repeats, std::uint32_t distance, int by) {
    const auto it = std::lower_bound(repeats.begin(), repeats.end(), distance,
                                     [](const Bucket::Repeat& r, std::uint32_t d) { return r.distance < d; });
    if (it == repeats.end() || it->distance != distance) {
        if (by > 0) repeats.insert(it, {distance, 1});
        return;
    }
    it->n += static_cast<std::uint32_t>(by);
    if (it->n == 0) repeats.erase(it);
}

void remember(std::vector<Bucket::Evidence>& evidence, const CellEvent& event) {
    const auto later = [&](const Bucket::Evidence& e) {
        return e.time != event.time ? e.time > event.time : std::string_view(e.id) > event.id;
    };
    auto at = evidence.end();
    while (at != evidence.begin() && later(*(at - 1))) --at;  // nearly always the newest
    if (evidence.size() < Bucket::kEvidenceMax) {
        evidence.insert(at, {event.time, std::string(event.id)});
    } else if (at != evidence.begin()) {
        // Full: the oldest leaves, everything up to the new one's place moves down.
        std::move(evidence.begin() + 1, at, evidence.begin());
        *(at - 1) = {event.time, std::string(event.id)};
    }
}

std::string encode(const Bucket& b) {
    std::string out;
    out.push_back(static_cast<char>(kBucketFormat));
    put_varint(out, b.events);
    put_varint(out, b.persons);
    put_varint(out, b.repeats.size());
    for (const Bucket::Repeat& r : b.repeats) {
        put_varint(out, r.distance);
        put_varint(out, r.n);
    }
    put_varint(out, b.sums.size());
    for (const std::int64_t s : b.sums) put_signed(out, s);
    put_varint(out, b.evidence.size());
    for (const Bucket::Evidence& e : b.evidence) {
        put_instant(out, e.time);
        put_string(out, e.id);
    }
    return out;
}

bool decode(std::string_view bytes, Bucket& b) {
    Reader in(bytes);
    if (in.byte() != kBucketFormat) return false;
    b.events = in.varint();
    b.persons = in.varint();
    for (std::uint64_t n = in.count(); n > 0; --n) {
        const auto distance = static_cast<std::uint32_t>(in.varint());
        b.repeats.push_back({distance, static_cast<std::uint32_t>(in.varint())});
    }
    for (std::uint64_t n = in.count(); n > 0; --n) b.sums.push_back(in.signed_varint());
    for (std::uint64_t n = in.count(); n > 0; --n) {
        const Instant time = in.instant();
        b.evidence.push_back({time, std::string(in.string())});
    }
    return in.ok() && in.done();
}

std::string full_key(std::string_view cell_key, std::int64_t bucket) {
    std::string key(1, CellStore::kKeyPrefix);
    key.append(cell_key);
    put_ordered64(key, bucket);
    return key;
}

}  // namespace

std::int64_t bucket_of(Instant t, Duration width) {
    const std::int64_t ms = to_millis(t), w = width.count();
    return ms >= 0 ? ms / w : -((-ms + w - 1) / w);
}
Instant bucket_start(std::int64_t bucket, Duration width) {
    return from_millis(bucket * width.count());
}
Duration bucket_width(Duration window) {
    using namespace std::chrono_literals;
    if (window <= 2h) return 1min;
    return window <= 24h ? Duration(5min) : Duration(1h);
}

std::uint64_t Bucket::people_since(std::int64_t start) const {
    std::uint64_t met = 0;
    for (const Repeat& r : repeats) {
        if (static_cast<std::int64_t>(r.distance) > index - start) break;
        met += r.n;
    }
    return persons - met;
}

std::span<const Bucket> Cell::range(std::int64_t from, std::int64_t to) const {
    // Nearly everybody asks for the newest: a few steps from the end find them without touching the others.
    constexpr int kSteps = 8;
    const auto end_of = [this](auto end, std::int64_t index) {
        for (int i = 0; i < kSteps; ++i, --end) {
            if (end == buckets_.begin() || (end - 1)->index < index) return end;
        }
        return std::lower_bound(buckets_.begin(), end, index,
                                [](const Bucket& b, std::int64_t k) { return b.index < k; });
    };
    const auto last = end_of(buckets_.end(), to + 1);
    return {end_of(last, from), last};
}

Bucket& Cell::bucket(std::int64_t index) {
    auto at = buckets_.end();
    while (at != buckets_.begin() && (at - 1)->index >= index) --at;  // nearly always the last
    if (at == buckets_.end() || at->index != index) {
        at = buckets_.emplace(at);
        at->index = index;
    }
    return *at;
}

Cell* CellStore::cell(std::string_view key) {
    if (const auto it = cells_.find(key); it != cells_.end()) return it->second.get();
    if (cells_.size() >= kCellsMax) {
        ++refused_;
        return nullptr;
    }
    auto fresh = std::make_unique<Cell>();
    fresh->key_ = key;
    return cells_.emplace(key, std::move(fresh)).first->second.get();
}

const Cell* CellStore::find(std::string_view key) const {
    const auto it = cells_.find(key);
    return it == cells_.end() ? nullptr : it->second.get();
}

Cell* CellStore::find(std::string_view key) {
    const auto it = cells_.find(key);
    return it == cells_.end() ? nullptr : it->second.get();
}

void CellStore::touch(Cell& cell, Bucket& bucket) {
    bucket.dirty = true;
    if (!cell.dirty_) {
        cell.dirty_ = true;
        dirty_.push_back(&cell);
    }
}

void CellStore::add(Cell& cell, const CellEvent& event, std::int64_t reach) {
    const auto within_reach = [reach](std::int64_t from, std::int64_t to) {
        return from != CellEvent::kNone && to - from < reach;
    };
    Bucket& b = cell.bucket(event.bucket);
    ++b.events;
    if (event.has_person) {
        ++b.persons;
        if (within_reach(event.previous, event.bucket)) {
            bump(b.repeats, static_cast<std::uint32_t>(event.bucket - event.previous), +1);
        }
    }
    if (b.sums.size() < event.sums.size()) b.sums.resize(event.sums.size());
    for (std::size_t i = 0; i < event.sums.size(); ++i) {
        if (__builtin_add_overflow(b.sums[i], event.sums[i], &b.sums[i])) {
            b.sums[i] = event.sums[i] > 0 ? INT64_MAX : INT64_MIN;
        }
    }
    remember(b.evidence, event);
    touch(cell, b);
    if (event.has_person && event.next != CellEvent::kNone) {
        // A late event: whoever came after it has a nearer predecessor now.
        Bucket& successor = cell.bucket(event.next);
        if (within_reach(event.previous, event.next)) {
            bump(successor.repeats, static_cast<std::uint32_t>(event.next - event.previous), -1);
        }
        if (within_reach(event.bucket, event.next)) {
            bump(successor.repeats, static_cast<std::uint32_t>(event.next - event.bucket), +1);
        }
        touch(cell, successor);
    }
}

void CellStore::take_back(Cell& cell, const CellEvent& event, std::int64_t reach) {
    const auto within_reach = [reach](std::int64_t from, std::int64_t to) {
        return from != CellEvent::kNone && to - from < reach;
    };
    if (cell.range(event.bucket, event.bucket).empty()) return;
    Bucket& b = cell.bucket(event.bucket);
    b.events -= b.events > 0 ? 1 : 0;
    if (event.has_person) {
        b.persons -= b.persons > 0 ? 1 : 0;
        if (within_reach(event.previous, event.bucket))
            bump(b.repeats, static_cast<std::uint32_t>(event.bucket - event.previous), -1);
    }
    for (std::size_t i = 0; i < std::min(b.sums.size(), event.sums.size()); ++i) {
        if (__builtin_sub_overflow(b.sums[i], event.sums[i], &b.sums[i])) {
            b.sums[i] = event.sums[i] > 0 ? INT64_MIN : INT64_MAX;
        }
    }
    std::erase_if(b.evidence, [&](const Bucket::Evidence& e) { return e.time == event.time && e.id == event.id; });
    touch(cell, b);
    if (!event.has_person || event.next == CellEvent::kNone || cell.range(event.next, event.next).empty()) return;
    // Whoever came after it has a farther predecessor now.
    Bucket& successor = cell.bucket(event.next);
    if (within_reach(event.bucket, event.next))
        bump(successor.repeats, static_cast<std::uint32_t>(event.next - event.bucket), -1);
    if (within_reach(event.previous, event.next))
        bump(successor.repeats, static_cast<std::uint32_t>(event.next - event.previous), +1);
    touch(cell, successor);
}

void CellStore::expire(Cell& cell, std::int64_t first) {
    auto end = cell.buckets_.begin();
    for (; end != cell.buckets_.end() && end->index < first; ++end) deleted_.push_back(full_key(cell.key_, end->index));
    cell.buckets_.erase(cell.buckets_.begin(), end);
}

bool CellStore::load(std::string_view key, std::string_view value) {
    if (key.size() < 9 || key[0] != kKeyPrefix) return false;
    Reader tail(key.substr(key.size() - 8));
    Bucket b;
    b.index = tail.ordered64();
    if (!decode(value, b)) return false;
    Cell* target = cell(key.substr(1, key.size() - 9));
    if (target == nullptr) return false;
    target->bucket(b.index) = std::move(b);
    return true;
}

void CellStore::write(WriteBatch& batch) {
    for (const std::string& key : deleted_) batch.del(key);
    deleted_.clear();
    for (Cell* cell : dirty_) {
        cell->dirty_ = false;
        for (Bucket& b : cell->buckets_) {
            if (!b.dirty) continue;
            b.dirty = false;
            batch.put(full_key(cell->key_, b.index), encode(b));
        }
    }
    dirty_.clear();
}

}  // namespace tocsin::ledger
