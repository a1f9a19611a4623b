#include "intake/acked_prefix.h"

#include <algorithm>

#include "tocsin/check.h"

namespace tocsin::intake {

void AckedPrefix::begin(std::int64_t offset) {
    TOCSIN_CHECK(!committable_, "a partition begins once");
    next_ = offset;
    committable_ = offset;
}

void AckedPrefix::sent(std::int64_t offset, std::uint32_t messages) {
    TOCSIN_CHECK(offset >= next_, "records of a partition are read in ascending order");
    waiting_.push_back({offset, messages});
    next_ = offset + 1;
    advance();
}

bool AckedPrefix::acked(std::int64_t offset) {
    const auto found =
        std::lower_bound(waiting_.begin(), waiting_.end(), offset,
                         [](const Waiting& entry, std::int64_t wanted) { return entry.offset < wanted; });
    if (found == waiting_.end() || found->offset != offset || found->messages == 0) return false;
    --found->messages;
    advance();
    return true;
}

void AckedPrefix::advance() {
    while (!waiting_.empty() && waiting_.front().messages == 0) waiting_.pop_front();
    committable_ = waiting_.empty() ? next_ : waiting_.front().offset;
}

}  // namespace tocsin::intake
