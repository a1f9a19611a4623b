#include "app/main/memory.h"

#include <gperftools/malloc_extension.h>
#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace tocsin::app {
namespace {

constexpr std::uintptr_t kHugePage = 2 << 20;
constexpr std::uintptr_t kRegionBytes = 64 << 20;  // address space; it is resident only where it was touched

std::uintptr_t up_to(std::uintptr_t at, std::uintptr_t alignment) {
    return (at + alignment - 1) / alignment * alignment;
}

/// The allocator calls it with its own lock held, and must not be called from here.
class HugePages : public SysAllocator {
public:
    explicit HugePages(SysAllocator* otherwise) : otherwise_(otherwise) {}

    void* Alloc(std::size_t size, std::size_t* actual, std::size_t alignment) override {
        std::uintptr_t at = up_to(next_, alignment);
        if (at + size > end_) {
            if (size + alignment > kRegionBytes || !map_region()) return otherwise_->Alloc(size, actual, alignment);
            at = up_to(next_, alignment);
        }
        next_ = at + size;
        if (actual != nullptr) *actual = size;
        return reinterpret_cast<void*>(at);
    }

private:
    bool map_region() {
        void* const got = mmap(nullptr, kRegionBytes + kHugePage, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) return false;
        next_ = up_to(reinterpret_cast<std::uintptr_t>(got), kHugePage);
        end_ = next_ + kRegionBytes;
        // Refused by a kernel without huge pages: then these are small ones, as they would have been.
        madvise(reinterpret_cast<void*>(next_), kRegionBytes, MADV_HUGEPAGE);
        return true;
    }

    SysAllocator* const otherwise_;
    std::uintptr_t next_ = 0, end_ = 0;
};

}  // namespace

void grow_in_huge_pages() {
    // Never destroyed: memory is asked for until the very end.
    alignas(HugePages) static unsigned char place[sizeof(HugePages)];
    MallocExtension* const heap = MallocExtension::instance();
    heap->SetSystemAllocator(new (place) HugePages(heap->GetSystemAllocator()));
}

}  // namespace tocsin::app
