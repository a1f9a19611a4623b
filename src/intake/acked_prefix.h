#pragma once
/// How far the intake may commit an input partition: only behind what the broker has acknowledged.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace tocsin::intake {

/// Follows one input partition. Every record read is announced by sent() in ascending order, and acknowledged once for
/// each message produced for it (to the log, or to the dead letters). Committing only behind the acknowledged prefix
/// means that a restart produces again whatever might be missing; repeats are filtered by the reader.
///
/// Used by one thread.
class AckedPrefix {
public:
    /// Records that may be on their way. At the limit the intake stops reading this partition until acknowledgements
    /// arrive.
    static constexpr std::size_t kInFlightMax = 100'000;

    /// Reading begins at this offset: it is what to commit until something has been sent. Otherwise a partition without
    /// records would begin at another end of the log after every restart.
    void begin(std::int64_t offset);

    /// `messages`: how many were produced for the record at `offset`; 0 if it needs none.
    /// Precondition: `offset` is above all earlier ones. Offsets may be left out (compaction, transaction markers).
    void sent(std::int64_t offset, std::uint32_t messages = 1);

    /// The broker has one of the record's messages. False: no such message is on its way (a second acknowledgement, or
    /// one from before the partition was taken over again).
    bool acked(std::int64_t offset);

    /// The offset to commit: of the first record that is not acknowledged in full, or behind the last one sent. Empty:
    /// nothing is known yet. Never goes back.
    [[nodiscard]] std::optional<std::int64_t> committable() const { return committable_; }

    [[nodiscard]] std::size_t in_flight() const { return waiting_.size(); }
    [[nodiscard]] bool full() const { return waiting_.size() >= kInFlightMax; }

private:
    struct Waiting {
        std::int64_t offset = 0;
        std::uint32_t messages = 0;
    };
    void advance();

    std::deque<Waiting> waiting_;  // ascending; the front is not acknowledged in full
    std::int64_t next_ = 0;        // behind the last one sent
    std::optional<std::int64_t> committable_;
};

}  // namespace tocsin::intake
