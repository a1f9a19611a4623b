#include "ledger/profile_table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "ledger/text_hash.h"
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

std::size_t ProfileTable::Hash::operator()(Slot slot) const {
    return (*this)(table->key(slot));
}
std::size_t ProfileTable::Hash::operator()(std::string_view key) const {
    return TextHash{}(key);
}

ProfileTable::ProfileTable() : index_(0, Hash{this}, Equal{this}) {}

ProfileTable::~ProfileTable() {
    for (Block* block : slots_) std::free(block);
}

Slot ProfileTable::find(std::string_view key) const {
    const auto it = index_.find(key);
    return it == index_.end() ? kNoSlot : *it;
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
    Block* outgrown = nullptr;  // freed last: the caller's views may look into it
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
        ++live_;
        index_.insert(slot);
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
    index_.erase(slot);
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
