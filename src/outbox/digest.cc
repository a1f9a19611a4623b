#include "outbox/digest.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/times.h"

namespace tocsin::outbox {
namespace {

using Json = nlohmann::ordered_json;

/// What a reader needs to find the episode again; the whole record was held back because there are too many.
constexpr std::array<const char*, 6> kShownFields{"id", "level", "at", "opened_at", "subject", "area"};

struct Shown {
    int rank = -1;  ///< of the level; -1: none
    Instant at = kBeforeAll;
    Json entry = Json::object();
    Json raises;
};

int rank_of(const Json& record) {
    constexpr std::array<std::string_view, 4> kByRank{"blue", "yellow", "orange", "red"};
    const auto level = record.find("level");
    if (level == record.end() || !level->is_string()) return -1;
    const auto at = std::find(kByRank.begin(), kByRank.end(), level->get_ref<const std::string&>());
    return at == kByRank.end() ? -1 : static_cast<int>(at - kByRank.begin());
}

Shown shown_of(const Notice& notice) {
    Shown shown;
    shown.at = notice.at;
    const Json record = Json::parse(notice.body, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object()) return shown;
    shown.rank = rank_of(record);
    if (const auto raises = record.find("raises"); raises != record.end()) shown.raises = *raises;
    for (const char* field : kShownFields) {
        if (const auto value = record.find(field); value != record.end()) shown.entry[field] = *value;
    }
    return shown;
}

// Highest level first, within a level the newest: what does not fit is what matters least.
std::vector<Shown> by_weight(const std::map<std::string, Notice>& open) {
    std::vector<Shown> all;
    for (const auto& [episode, notice] : open) all.push_back(shown_of(notice));
    std::stable_sort(all.begin(), all.end(),
                     [](const Shown& a, const Shown& b) { return a.rank != b.rank ? a.rank > b.rank : a.at > b.at; });
    return all;
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void Held::add(Notice notice) {
    Rule& rule = rules_[notice.rule];
    rule.rows.push_back(notice.key);
    rule.ids += hash64(notice.id);
    rule.ids_again += hash64(notice.id + "\n");
    ++size_;
    rule.newest = std::max(rule.newest, notice.at);
    const std::string episode = notice.episode;
    if (notice.transition == TransitionKind::kOpened) {
        ++rule.opened;
        rule.opening_held[episode] = true;
    }
    if (notice.transition != TransitionKind::kClosed) {
        rule.open.insert_or_assign(episode, std::move(notice));
        return;
    }
    ++rule.closed;
    rule.open.erase(episode);
    if (rule.opening_held.erase(episode) == 0) rule.ended.insert_or_assign(episode, std::move(notice));
}

// From the notices' ids, which are never given twice: the numbers of rows begin anew when the outbox was empty at a
// start.
std::string Held::id_of(const std::string& receiver, const std::string& name, const Rule& rule) {
    const std::string ids =
        std::to_string(rule.rows.size()) + " " + std::to_string(rule.ids) + " " + std::to_string(rule.ids_again);
    const Sha256 hash = sha256(receiver + "\n" + name + "\n" + ids);
    return "digest." + base32(as_text(hash)).substr(0, 26);
}

std::string Held::body_of(const std::string& name, const Rule& rule) {
    const std::vector<Shown> open = by_weight(rule.open);
    Json levels = Json::object(), episodes = Json::array(), ended = Json::array(), raises;
    for (const Shown& shown : open) {
        if (shown.rank >= 0) {
            const auto level = shown.entry["level"].get<std::string>();
            levels[level] = levels.value(level, 0) + 1;
        }
        raises = shown.raises;
    }
    for (const auto& [episode, notice] : rule.ended) {
        if (open.empty()) raises = shown_of(notice).raises;
        if (ended.size() < kEndedListedMax) ended.push_back(episode);
    }
    Json body{{"rule", name},          {"raises", raises},          {"at", format_rfc3339(rule.newest)},
              {"opened", rule.opened}, {"closed", rule.closed},     {"open", open.size()},
              {"levels", levels},      {"ended", rule.ended.size()}};
    std::size_t bytes = text_of(body).size() + text_of(ended).size();
    for (const Shown& shown : open) {
        bytes += text_of(shown.entry).size() + 1;
        if (episodes.size() >= kListedMax || bytes > kBodyBytesMax) break;
        episodes.push_back(shown.entry);
    }
    body["episodes"] = std::move(episodes);
    body["ended_episodes"] = std::move(ended);
    return text_of(body);
}

bool Held::holds(const std::string& rule, const std::string& episode) const {
    const auto held = rules_.find(rule);
    return held != rules_.end() && (held->second.open.contains(episode) || held->second.ended.contains(episode));
}

std::map<std::string, Held::Rule> Held::take(const Waiting& waiting) {
    std::map<std::string, Rule> taken;
    for (auto rule = rules_.begin(); rule != rules_.end();) {
        const auto next = std::next(rule);
        if (!waiting.contains(rule->first)) {
            size_ -= rule->second.rows.size();
            taken.insert(rules_.extract(rule));
        }
        rule = next;
    }
    return taken;
}

std::vector<Digest> Held::digests(const std::string& receiver, const Waiting& waiting) {
    std::vector<Digest> digests;
    auto taken = take(waiting);
    for (auto& [name, rule] : taken) {
        Digest& digest = digests.emplace_back();
        std::sort(rule.rows.begin(), rule.rows.end());
        digest.notice.kind = NoticeKind::kDigest;
        digest.notice.receiver = receiver;
        digest.notice.id = id_of(receiver, name, rule);
        digest.notice.rule = name;
        digest.notice.at = rule.newest;
        digest.notice.body = body_of(name, rule);
        digest.rows = std::move(rule.rows);
    }
    return digests;
}

std::pair<std::vector<Notice>, std::vector<RowKey>> Held::newest(const Waiting& waiting) {
    std::vector<Notice> notices;
    std::vector<RowKey> rows;
    auto taken = take(waiting);
    for (auto& [name, rule] : taken) {
        std::vector<RowKey> kept;
        for (auto* group : {&rule.ended, &rule.open}) {
            for (auto& [episode, notice] : *group) {
                kept.push_back(notice.key);
                notices.push_back(std::move(notice));
            }
        }
        std::sort(kept.begin(), kept.end());
        std::sort(rule.rows.begin(), rule.rows.end());
        std::set_difference(rule.rows.begin(), rule.rows.end(), kept.begin(), kept.end(), std::back_inserter(rows));
    }
    return {std::move(notices), std::move(rows)};
}

}  // namespace tocsin::outbox
