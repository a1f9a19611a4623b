#include "outbox/notice.h"

#include "base/json_text.h"
#include "base/times.h"
#include "ledger/codec.h"

namespace tocsin::outbox {
namespace {

constexpr std::uint8_t kFormat = 1;

void append_pairs(std::string& out, std::string_view name,
                  const std::vector<std::pair<std::string, std::string>>& pairs) {
    out += ",\"";
    out += name;
    out += "\":{";
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_json_string(out, pairs[i].first);
        out.push_back(':');
        append_json_string(out, pairs[i].second);
    }
    out.push_back('}');
}

}  // namespace

std::string row_key(std::uint64_t number) {
    std::string key(1, kRowPrefix);
    for (int i = 7; i >= 0; --i) key.push_back(static_cast<char>(number >> (8 * i)));
    return key;
}

std::string encode_notice(const Notice& n) {
    std::string out;
    out.push_back(static_cast<char>(kFormat));
    out.push_back(static_cast<char>(n.kind));
    out.push_back(static_cast<char>(n.transition));
    out.push_back(n.held ? 1 : 0);
    ledger::put_instant(out, n.at);
    for (const std::string* text : {&n.receiver, &n.id, &n.episode, &n.rule, &n.body}) ledger::put_string(out, *text);
    return out;
}

Result<Notice> decode_notice(std::uint32_t task, std::string_view key, std::string_view value) {
    const Error damaged = fatal("an outbox row is damaged or of a newer format; restore the state directory");
    ledger::Reader in(value);
    if (key.size() != 9 || key[0] != kRowPrefix || in.byte() != kFormat) return damaged;
    Notice n;
    n.key.task = task;
    for (const char c : key.substr(1)) n.key.number = (n.key.number << 8) | static_cast<std::uint8_t>(c);
    const std::uint8_t kind = in.byte(), transition = in.byte();
    n.held = in.byte() != 0;
    n.at = in.instant();
    for (std::string* text : {&n.receiver, &n.id, &n.episode, &n.rule, &n.body}) *text = in.string();
    if (!in.ok() || !in.done() || kind > 2 || transition > 5) return damaged;
    n.kind = static_cast<NoticeKind>(kind);
    n.transition = static_cast<TransitionKind>(transition);
    return n;
}

std::string transition_body(const Transition& t, std::string_view group) {
    std::string out = to_json(t);
    out.pop_back();  // the record's own closing brace: more fields follow
    out += ",\"opened_at\":";
    append_json_string(out, format_rfc3339(t.opened_at));
    out += ",\"group\":";
    append_json_string(out, group);
    append_pairs(out, "labels", t.labels);
    append_pairs(out, "annotations", t.annotations);
    out.push_back('}');
    return out;
}

}  // namespace tocsin::outbox
