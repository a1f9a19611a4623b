#include "outbox/dead_letter.h"

#include <utility>

#include "base/digest.h"
#include "base/times.h"
#include "ledger/codec.h"

namespace tocsin::outbox {
namespace {

constexpr std::string_view kOwnHeaders = "tocsin.error.";
constexpr std::string_view kCutHeaders = "tocsin.error.value_";

void set_header(DeadLetter& letter, std::string name, std::string value) {
    for (auto& [known, text] : letter.headers) {
        if (known == name) {
            text = std::move(value);
            return;
        }
    }
    letter.headers.emplace_back(std::move(name), std::move(value));
}

void cut_to(DeadLetter& letter, std::size_t bytes) {
    if (letter.value.size() <= bytes) return;
    bool told = false;
    for (const auto& [name, text] : letter.headers) told = told || name == "tocsin.error.value_bytes";
    if (!told) {
        const Sha256 digest = sha256(letter.value);
        set_header(letter, "tocsin.error.value_bytes", std::to_string(letter.value.size()));
        set_header(letter, "tocsin.error.value_sha256", hex(as_text(digest)));
    }
    letter.value.resize(bytes);
}

}  // namespace

std::string DeadLetter::id() const {
    return origin.topic + "/" + std::to_string(origin.partition) + "/" + std::to_string(origin.offset);
}

void finish(DeadLetter& letter) {
    set_header(letter, "tocsin.error.code", letter.code);
    set_header(letter, "tocsin.error.message", letter.message);
    set_header(letter, "tocsin.error.stage", letter.stage);
    set_header(letter, "tocsin.error.topic", letter.origin.topic);
    set_header(letter, "tocsin.error.partition", std::to_string(letter.origin.partition));
    set_header(letter, "tocsin.error.offset", std::to_string(letter.origin.offset));
    set_header(letter, "tocsin.error.timestamp", format_rfc3339(from_millis(letter.timestamp_ms)));
    // A dead letter that was fed in again and is one again says nothing of its first life's length.
    std::erase_if(letter.headers, [](const auto& header) { return header.first.starts_with(kCutHeaders); });
    cut_to(letter, DeadLetter::kValueBytesMax);
}

bool cut_further(DeadLetter& letter) {
    if (!letter.value.empty()) {
        cut_to(letter, letter.value.size() / 2);
        return true;
    }
    // Then what came with it: the headers of the record, and at last its key. Where and why it was refused stays.
    const auto is_original = [](const auto& header) { return !header.first.starts_with(kOwnHeaders); };
    const std::size_t dropped = std::erase_if(letter.headers, is_original);
    if (dropped > 0) {
        set_header(letter, "tocsin.error.headers_dropped", std::to_string(dropped));
        return true;
    }
    return !std::exchange(letter.key, {}).empty();
}

std::string encode_dead_letter(const DeadLetter& letter) {
    std::string out;
    ledger::put_string(out, letter.origin.topic);
    ledger::put_signed(out, letter.origin.partition);
    ledger::put_signed(out, letter.origin.offset);
    for (const std::string* text : {&letter.code, &letter.message, &letter.stage}) ledger::put_string(out, *text);
    ledger::put_signed(out, letter.timestamp_ms);
    ledger::put_string(out, letter.key);
    out.push_back(letter.has_value ? 1 : 0);
    ledger::put_string(out, letter.value);
    ledger::put_varint(out, letter.headers.size());
    for (const auto& [name, value] : letter.headers) {
        ledger::put_string(out, name);
        ledger::put_string(out, value);
    }
    return out;
}

std::optional<DeadLetter> decode_dead_letter(std::string_view bytes) {
    ledger::Reader in(bytes);
    DeadLetter letter;
    letter.origin.topic = in.string();
    letter.origin.partition = static_cast<std::int32_t>(in.signed_varint());
    letter.origin.offset = in.signed_varint();
    for (std::string* text : {&letter.code, &letter.message, &letter.stage}) *text = in.string();
    letter.timestamp_ms = in.signed_varint();
    letter.key = in.string();
    letter.has_value = in.byte() != 0;
    letter.value = in.string();
    for (std::uint64_t n = in.count(); n > 0; --n) {
        std::string name(in.string());
        letter.headers.emplace_back(std::move(name), in.string());
    }
    if (!in.ok() || !in.done()) return std::nullopt;
    return letter;
}

}  // namespace tocsin::outbox
