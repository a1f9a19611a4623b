#pragma once
/// Hashes and encodings. The only user of OpenSSL.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view message);
/// HMAC-SHA-256 under one key for many messages: what the key alone decides is computed once. Immutable, for all
/// threads.
class HmacSha256 {
public:
    explicit HmacSha256(std::string_view key);
    ~HmacSha256();
    HmacSha256(const HmacSha256&) = delete;
    HmacSha256& operator=(const HmacSha256&) = delete;
    Sha256 operator()(std::string_view message) const;

private:
    struct Halves;
    std::unique_ptr<const Halves> halves_;
};
std::string_view as_text(const Sha256& digest);  ///< its 32 bytes, as a view of the argument

std::string hex(std::string_view bytes);                          ///< lower case
std::string base32(std::string_view bytes);                       ///< RFC 4648, lower case, no padding
std::string base64(std::string_view bytes);                       ///< RFC 4648 with padding
std::optional<std::string> base64_decode(std::string_view text);  ///< empty: not base64 with padding
/// Takes the same time wherever the first difference is.
bool equal_secrets(std::string_view a, std::string_view b);

/// Not cryptographic; the same for ever and everywhere, because it is stored (tests/base/digest_test.cc pins it).
std::uint64_t hash64(std::string_view bytes);
/// CRC-32 as zlib and librdkafka's `consistent` partitioner compute it.
std::uint32_t crc32(std::string_view bytes);

}  // namespace tocsin
