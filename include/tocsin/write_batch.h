#pragma once
/// The changes of one commit, before any database sees them. The core fills it, the store writes it in one step.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tocsin {

/// Puts and deletes in order, in one flat buffer (no allocation per entry). A later entry for a key wins.
class WriteBatch {
public:
    void put(std::string_view key, std::string_view value) { append(1, key, value); }
    void del(std::string_view key) { append(0, key, {}); }
    void clear() {
        buffer_.clear();
        entries_ = 0;
    }
    [[nodiscard]] std::size_t entries() const { return entries_; }
    [[nodiscard]] std::size_t bytes() const { return buffer_.size(); }
    [[nodiscard]] bool empty() const { return entries_ == 0; }

    /// Calls put(key, value) or del(key) on the sink, in order.
    template <typename Sink>
    void for_each(Sink&& sink) const {
        for (std::size_t at = 0; at < buffer_.size();) {
            std::uint32_t sizes[2];
            const bool is_put = buffer_[at] != 0;
            std::memcpy(sizes, buffer_.data() + at + 1, sizeof sizes);
            at += 1 + sizeof sizes;
            const std::string_view key(buffer_.data() + at, sizes[0]);
            const std::string_view value(buffer_.data() + at + sizes[0], sizes[1]);
            at += sizes[0] + sizes[1];
            if (is_put)
                sink.put(key, value);
            else
                sink.del(key);
        }
    }

private:
    void append(char op, std::string_view key, std::string_view value) {
        const std::uint32_t sizes[2] = {static_cast<std::uint32_t>(key.size()),
                                        static_cast<std::uint32_t>(value.size())};
        buffer_.push_back(op);
        buffer_.append(reinterpret_cast<const char*>(sizes), sizeof sizes);
        buffer_.append(key);
        buffer_.append(value);
        ++entries_;
    }
    std::string buffer_;
    std::size_t entries_ = 0;
};

}  // namespace tocsin
