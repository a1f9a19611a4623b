#include "ledger/profile_table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/digest.h"
#include "tocsin/check.h"

namespace tocsin::ledger {

// One for each customer: its own size is a good part of what a customer costs.
struct ProfileTable::Block {
    static constexpr std::size_t kSlackMax = UINT16_MAX;
    Instant due;
    std::uint32_t bytes_size;
    std::uint16_t slack;  // room behind the bytes
    std::uint16_t key_size : 15;
    std::uint16_t dirty : 1;

    [[nodiscard]] char* data() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] std::size_t capacity() const { return std::size_t{key_size} + bytes_size + slack; }
};

ProfileTable::ProfileTable() : index_(64) {}

ProfileTable::~ProfileTable() {
    for (Block* block : slots_) std::free(block);
}

std::uint32_t ProfileTable::tag_of(std::string_view key) {
    return static_cast<std::uint32_t>(hash64(key) >> 32);
}

Slot ProfileTable::find(std::string_view key) const {
    const std::uint32_t tag = tag_of(key);
    for (std::size_t i = home(tag); index_[i].slot != kNoSlot; i = after(i)) {
        if (index_[i].tag == tag && this->key(index_[i].slot) == key) return index_[i].slot;
    }
    return kNoSlot;
}

void ProfileTable::foresee(std::string_view key) {
    foreseen_ = tag_of(key);
    __builtin_prefetch(&index_[home(*foreseen_)]);
}

void ProfileTable::approach() {
    if (!foreseen_) return;
    const std::uint32_t tag = *std::exchange(foreseen_, std::nullopt);
    for (std::size_t i = home(tag); index_[i].slot != kNoSlot; i = after(i)) {
        if (index_[i].tag != tag) continue;
        const char* block = reinterpret_cast<const char*>(slots_[index_[i].slot]);
        __builtin_prefetch(block);
        __builtin_prefetch(block + 64);
        __builtin_prefetch(block + 128);
        return;
    }
}

void ProfileTable::enter(Spot spot) {
    std::size_t i = home(spot.tag);
    while (index_[i].slot != kNoSlot) i = after(i);
    index_[i] = spot;
}

// By a quarter: an index that doubles is half empty on average. The tags are all it takes, the keys are not read.
void ProfileTable::grow() {
    const std::vector<Spot> old = std::exchange(index_, std::vector<Spot>(index_.size() + index_.size() / 4));
    for (const Spot& spot : old) {
        if (spot.slot != kNoSlot) enter(spot);
    }
}

// Those behind it that could not stand there move up, so that no gap cuts them off from their home.
void ProfileTable::leave(std::uint32_t tag, Slot slot) {
    std::size_t gap = home(tag);
    while (index_[gap].slot != slot) gap = after(gap);
    for (std::size_t i = after(gap); index_[i].slot != kNoSlot; i = after(i)) {
        const std::size_t from_home = (i + index_.size() - home(index_[i].tag)) % index_.size();
        const std::size_t from_gap = (i + index_.size() - gap) % index_.size();
        if (from_home < from_gap) continue;
        index_[gap] = index_[i];
        gap = i;
    }
    index_[gap] = {};
}

std::string_view ProfileTable::key(Slot slot) const {
    Block* block = slots_[slot];
    return {block->data(), block->key_size};
}
std::string_view ProfileTable::bytes(Slot slot) const {
    Block* block = slots_[slot];
    return {block->data() + block->key_size, block->bytes_size};
}
Instant ProfileTable::due(Slot slot) const {
    return slots_[slot]->due;
}

Slot ProfileTable::place(Slot slot, std::string_view key, std::string_view bytes, Instant due) {
    TOCSIN_CHECK(key.size() <= kKeyBytesMax, "the decoder bounds customer and event ids");
    const bool is_new = slot == kNoSlot;
    if (is_new) {
        if (free_.empty()) {
            slot = static_cast<Slot>(slots_.size());
            slots_.push_back(nullptr);
        } else {
            slot = free_.back();
            free_.pop_back();
        }
    }
    Block* block = slots_[slot];
    Block* outgrown = nullptr;                     // freed last: the caller's views may look into it
    std::size_t need = key.size() + bytes.size();  // then: what there is
    const bool requeue = due != kNever && (is_new || due != block->due);
    if (block == nullptr || block->capacity() < need || block->capacity() - need > Block::kSlackMax) {
        // Exact size: most profiles hold one or two events and stay so; the allocator's size classes give the slack.
        auto* fresh = static_cast<Block*>(std::malloc(sizeof(Block) + need));
        if (fresh == nullptr) throw std::bad_alloc();  // out of memory: the last commit stands
        *fresh = Block{due, 0, 0, 0, 0};
        fresh->key_size = key.size() & 0x7FFF;
        fresh->dirty = block != nullptr && block->dirty;
        std::memcpy(fresh->data(), key.data(), key.size());
        if (block != nullptr) bytes_used_ -= sizeof(Block) + block->capacity();
        bytes_used_ += sizeof(Block) + need;
        outgrown = block;
        slots_[slot] = block = fresh;
    } else {
        need = block->capacity();
    }
    if (!bytes.empty()) std::memmove(block->data() + block->key_size, bytes.data(), bytes.size());
    block->bytes_size = static_cast<std::uint32_t>(bytes.size());
    block->slack = static_cast<std::uint16_t>(need - key.size() - bytes.size());
    std::free(outgrown);
    if (is_new) {
        if (++live_ * 4 > index_.size() * 3) grow();
        enter({tag_of(key), slot});
    }
    block->due = due;
    if (requeue) queue(due, slot);
    return slot;
}

void ProfileTable::queue(Instant due, Slot slot) {
    if (heap_.size() > 2 * live_ + kStaleTimersMax) {  // timers that moved leave entries behind: rebuild from the truth
        heap_.clear();
        for (Slot s = 0; s < slots_.size(); ++s) {
            if (alive(s) && slots_[s]->due != kNever) heap_.push_back({slots_[s]->due, s});
        }
        std::make_heap(heap_.begin(), heap_.end());
        return;
    }
    heap_.push_back({due, slot});
    std::push_heap(heap_.begin(), heap_.end());
}

Slot ProfileTable::set(Slot slot, std::string_view key, std::string_view bytes, Instant due) {
    slot = place(slot, key, bytes, due);
    mark(slot);
    return slot;
}

void ProfileTable::mark(Slot slot) {
    if (slots_[slot]->dirty) return;
    slots_[slot]->dirty = 1;
    dirty_.push_back(slot);
}

void ProfileTable::touch(Slot slot, Instant due) {
    const bool requeue = due != kNever && due != slots_[slot]->due;
    slots_[slot]->due = due;
    if (requeue) queue(due, slot);
    mark(slot);
}

void ProfileTable::set_bytes(Slot slot, std::string_view bytes) {
    place(slot, key(slot), bytes, due(slot));
}

Slot ProfileTable::load(std::string_view key, std::string_view bytes, Instant due) {
    return place(find(key), key, bytes, due);
}

void ProfileTable::erase(Slot slot) {
    erased_.emplace_back(key(slot));
    leave(tag_of(key(slot)), slot);
    bytes_used_ -= sizeof(Block) + slots_[slot]->capacity();
    std::free(slots_[slot]);
    slots_[slot] = nullptr;
    free_.push_back(slot);
    --live_;
}

void ProfileTable::drop_stale() {
    while (!heap_.empty()) {
        const Due& top = heap_.front();
        if (alive(top.slot) && slots_[top.slot]->due == top.due) return;
        std::pop_heap(heap_.begin(), heap_.end());
        heap_.pop_back();
    }
}

Instant ProfileTable::next_due() {
    drop_stale();
    return heap_.empty() ? kNever : heap_.front().due;
}

std::optional<ProfileTable::Timer> ProfileTable::pop_due(Instant limit, bool inclusive) {
    drop_stale();
    if (heap_.empty()) return std::nullopt;
    const Due top = heap_.front();
    if (top.due > limit || (top.due == limit && !inclusive)) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    slots_[top.slot]->due = kNever;  // so that a set() with the same due time queues it again
    return Timer{top.slot, top.due};
}

void ProfileTable::write(WriteBatch& batch) {
    std::string key(1, kKeyPrefix);
    const auto full = [&key](std::string_view k) -> const std::string& {
        key.resize(1);
        key.append(k);
        return key;
    };
    // Deletes first: a profile erased and made again within one commit must end as a put.
    for (const std::string& k : erased_) batch.del(full(k));
    erased_.clear();
    for (const Slot slot : dirty_) {
        if (!alive(slot) || !slots_[slot]->dirty) continue;
        slots_[slot]->dirty = 0;
        batch.put(full(this->key(slot)), bytes(slot));
    }
    dirty_.clear();
}

}  // namespace tocsin::ledger
