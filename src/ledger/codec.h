#pragma once
/// The byte language of everything the ledger stores (docs/storage_format.md): little-endian base-128 numbers,
/// length-prefixed strings. A Reader never reads past its input: after the first bad byte it answers zeros and ok()
/// is false, so a decoder asks once, at the end.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tocsin/time.h"

namespace tocsin::ledger {

inline void put_varint(std::string& out, std::uint64_t v) {
    while (v >= 0x80) {
        out.push_back(static_cast<char>(v | 0x80));
        v >>= 7;
    }
    out.push_back(static_cast<char>(v));
}
inline std::uint64_t zigzag(std::int64_t v) {
    return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
inline std::int64_t unzigzag(std::uint64_t v) {
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}
inline void put_signed(std::string& out, std::int64_t v) {
    put_varint(out, zigzag(v));
}
inline void put_instant(std::string& out, Instant t) {
    put_signed(out, to_millis(t));
}
inline void put_string(std::string& out, std::string_view s) {
    put_varint(out, s.size());
    out.append(s);
}
inline void put_fixed64(std::string& out, std::uint64_t v) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(v >> (8 * i));
    out.append(bytes, 8);
}
/// Big-endian with the sign bit flipped, so that keys sort in the order of the numbers.
inline void put_ordered64(std::string& out, std::int64_t v) {
    const auto u = static_cast<std::uint64_t>(v) ^ (1ULL << 63);
    for (int i = 7; i >= 0; --i) out.push_back(static_cast<char>(u >> (8 * i)));
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t varint() {
        std::uint64_t v = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) return fail();
            const auto byte = static_cast<std::uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            v |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return v;
        }
        return fail();
    }
    std::int64_t signed_varint() { return unzigzag(varint()); }
    Instant instant() { return from_millis(signed_varint()); }
    std::string_view string() { return bytes(varint()); }
    std::string_view bytes(std::uint64_t n) {
        if (n > rest_.size()) return fail(), std::string_view{};
        const std::string_view s = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return s;
    }
    std::uint8_t byte() {
        if (rest_.empty()) return static_cast<std::uint8_t>(fail());
        const auto b = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return b;
    }
    std::uint64_t fixed64() {
        const std::string_view s = bytes(8);
        std::uint64_t v = 0;
        for (std::size_t i = 0; i < s.size(); ++i)
            v |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(s[i])) << (8 * i);
        return v;
    }
    std::int64_t ordered64() {
        const std::string_view s = bytes(8);
        std::uint64_t v = 0;
        for (const char c : s) v = (v << 8) | static_cast<std::uint8_t>(c);
        return static_cast<std::int64_t>(v ^ (1ULL << 63));
    }
    /// A count of things of at least one byte each: more than the bytes left is a lie, and must not reserve memory.
    std::uint64_t count() {
        const std::uint64_t n = varint();
        return n > rest_.size() ? fail() : n;
    }
    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    std::uint64_t fail() {
        ok_ = false;
        rest_ = {};
        return 0;
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace tocsin::ledger
