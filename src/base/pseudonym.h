#pragma once
/// How people are named outside the process: keyed pseudonyms, and episode ids made from them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "tocsin/result.h"

namespace tocsin {

/// Turns a number into a name that only the holder of the key can make: prefix, '-', the first 20 characters of
/// base32(HMAC-SHA-256(key, plain)). A plain hash would not do: all 10^10 telephone numbers can be tried. Immutable.
class Pseudonymizer {
public:
    static constexpr std::size_t kKeyBytesMin = 16;

    /// Reads the key: the file's bytes without a line break at the end. Errors: kReject, with the remedy: not readable,
    /// shorter than kKeyBytesMin, or readable by everyone.
    static Result<Pseudonymizer> from_file(const std::filesystem::path& file);
    /// A key that everybody knows: for `replay`, `test`, `check` and `demo`, which say so.
    static Pseudonymizer fixed() { return Pseudonymizer("tocsin: not a secret"); }

    /// `prefix` says what it stands for: 'c' customer, 's' subscriber.
    [[nodiscard]] std::string operator()(char prefix, std::string_view plain) const;

private:
    explicit Pseudonymizer(std::string_view key) : keyed_(std::make_shared<const HmacSha256>(key)) {}
    std::shared_ptr<const HmacSha256> keyed_;
};

/// Design I2: the first 26 characters of base32(SHA-256(parts)), the parts being the rule's name, each subject value
/// (pseudonyms for persons), the opening, and the number of earlier episodes with that opening (8 bytes, big-endian);
/// each part behind its length in 4 bytes, big-endian.
std::string episode_id(std::string_view rule, const std::vector<std::string>& subject, std::string_view opening,
                       std::uint64_t earlier);

}  // namespace tocsin
