#include "base/pseudonym.h"

#include "base/files.h"

namespace tocsin {
namespace {

void append_big_endian(std::string& out, std::uint64_t v, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(v >> (8 * i)));
}
void append_part(std::string& out, std::string_view part) {
    append_big_endian(out, part.size(), 4);
    out.append(part);
}

}  // namespace

Result<Pseudonymizer> Pseudonymizer::from_file(const std::filesystem::path& file) {
    std::string key = TOCSIN_TRY(read_file(file, 4096));
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
    if (key.size() < kKeyBytesMin) {
        return reject(file.string() + ": the key has " + std::to_string(key.size()) + " bytes, at least " +
                      std::to_string(kKeyBytesMin) + " are needed; make one with: head -c 32 /dev/urandom | base64 > " +
                      file.string());
    }
    std::error_code failed;
    const auto mode = std::filesystem::status(file, failed).permissions();
    if (!failed && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none) {
        return reject(file.string() + ": everyone on this machine can read the key; run: chmod 0640 " + file.string());
    }
    return Pseudonymizer(key);
}

std::string Pseudonymizer::operator()(char prefix, std::string_view plain) const {
    std::string name{prefix, '-'};
    const Sha256 digest = (*keyed_)(plain);
    name += base32(as_text(digest)).substr(0, 20);
    return name;
}

std::string episode_id(std::string_view rule, const std::vector<std::string>& subject, std::string_view opening,
                       std::uint64_t earlier) {
    std::string parts;
    append_part(parts, rule);
    for (const std::string& value : subject) append_part(parts, value);
    append_part(parts, opening);
    std::string number;
    append_big_endian(number, earlier, 8);
    append_part(parts, number);
    const Sha256 digest = sha256(parts);
    return base32(as_text(digest)).substr(0, 26);
}

}  // namespace tocsin
