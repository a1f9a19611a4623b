#pragma once
/// Hashes and encodings. The only user of OpenSSL.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view message);
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
