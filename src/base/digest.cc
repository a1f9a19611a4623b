#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

#include "tocsin/check.h"

namespace tocsin {
namespace {

const unsigned char* bytes_of(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}

constexpr char kBase32[] = "abcdefghijklmnopqrstuvwxyz234567";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint64_t mix(std::uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    return h ^ (h >> 32);
}

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}
constexpr auto kCrcTable = make_crc_table();

}  // namespace

Sha256 sha256(std::string_view bytes) {
    // Found once: looking the algorithm up costs more than the digest of a few bytes.
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    Sha256 out{};
    unsigned size = 0;
    const int ok = EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, algorithm, nullptr);
    TOCSIN_CHECK(ok == 1 && size == out.size(), "SHA-256 cannot fail on memory");
    return out;
}

Sha256 hmac_sha256(std::string_view key, std::string_view message) {
    Sha256 out{};
    unsigned size = 0;
    const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message), message.size(),
                            out.data(), &size);
    TOCSIN_CHECK(done != nullptr && size == out.size(), "HMAC cannot fail on memory");
    return out;
}

namespace {

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

// SHA-256 that has read the key, each byte mixed with `pad`.
Context begun_with(std::string key, char pad) {
    Context context(EVP_MD_CTX_new());
    for (char& byte : key) byte = static_cast<char>(byte ^ pad);
    const bool ok = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), key.data(), key.size()) == 1;
    TOCSIN_CHECK(ok, "SHA-256 cannot fail on memory");
    return context;
}

Sha256 finished(const Context& begun, std::string_view rest) {
    thread_local const Context scratch(EVP_MD_CTX_new());
    Sha256 out{};
    unsigned size = 0;
    const bool ok = scratch != nullptr && EVP_MD_CTX_copy_ex(scratch.get(), begun.get()) == 1 &&
                    EVP_DigestUpdate(scratch.get(), rest.data(), rest.size()) == 1 &&
                    EVP_DigestFinal_ex(scratch.get(), out.data(), &size) == 1;
    TOCSIN_CHECK(ok && size == out.size(), "SHA-256 cannot fail on memory");
    return out;
}

}  // namespace

struct HmacSha256::Halves {
    Context inner, outer;
};

HmacSha256::HmacSha256(std::string_view key) {  // RFC 2104
    constexpr std::size_t kBlock = 64;
    std::string block(key);
    if (block.size() > kBlock) block = as_text(sha256(key));
    block.resize(kBlock);
    halves_ = std::make_unique<const Halves>(Halves{begun_with(block, 0x36), begun_with(block, 0x5c)});
}
HmacSha256::~HmacSha256() = default;

Sha256 HmacSha256::operator()(std::string_view message) const {
    const Sha256 inner = finished(halves_->inner, message);
    return finished(halves_->outer, as_text(inner));
}

std::string_view as_text(const Sha256& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hex(std::string_view bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
        out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
    }
    return out;
}

std::string base32(std::string_view bytes) {
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 5; bits -= 5) out.push_back(kBase32[(buffer >> (bits - 5)) & 31]);
    }
    if (bits > 0) out.push_back(kBase32[(buffer << (5 - bits)) & 31]);
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) out.push_back(kBase64[(buffer >> (bits - 6)) & 63]);
    }
    if (bits > 0) out.push_back(kBase64[(buffer << (6 - bits)) & 63]);
    while (out.size() % 4 != 0) out.push_back('=');
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : text.substr(0, text.size() - padding)) {
        const char* at = c == '\0' ? nullptr : std::strchr(kBase64, c);
        if (at == nullptr) return std::nullopt;
        buffer = (buffer << 6) | static_cast<std::uint32_t>(at - kBase64);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<char>(buffer >> bits));
        }
    }
    return out;
}

bool equal_secrets(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint64_t hash64(std::string_view bytes) {
    std::uint64_t h = 0x9e3779b97f4a7c15ULL ^ (bytes.size() * 0xd6e8feb86659fd93ULL);
    while (bytes.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);  // little-endian machines only, as Debian's amd64 and arm64 are
        h = mix(h ^ word);
        bytes.remove_prefix(8);
    }
    std::uint64_t tail = 0;
    if (!bytes.empty()) std::memcpy(&tail, bytes.data(), bytes.size());  // an empty view may point nowhere
    return mix(h ^ tail ^ 0x2545f4914f6cdd1dULL);
}

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t c = 0xFFFFFFFFu;
    for (const char b : bytes) c = kCrcTable[(c ^ static_cast<unsigned char>(b)) & 0xFF] ^ (c >> 8);
    return c ^ 0xFFFFFFFFu;
}

}  // namespace tocsin
