#pragma once
/// How the allocator gets memory from the kernel.

namespace tocsin::app {

/// Lets the heap grow in huge pages (2 MiB) where the kernel allows that on request, as Debian's does: profiles lie all
/// over the memory, and with small pages nearly each look at one is a walk through page tables as well. Call it before
/// threads are started. What it costs in memory is in docs/performance.md.
void grow_in_huge_pages();

}  // namespace tocsin::app
