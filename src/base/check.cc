#include "tocsin/check.h"

#include <cstdio>
#include <cstdlib>

namespace tocsin {

void check_failed(const char* file, int line, const char* condition, const char* because) noexcept {
    std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", file, line, condition, because);
    std::abort();
}

}  // namespace tocsin
