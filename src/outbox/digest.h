#pragma once
/// What receivers are told in place of transitions that were held back: one notice per rule of what still holds
/// (design 4, "Starting").

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/notice.h"

namespace tocsin::outbox {

/// A digest and the rows it stands for: they may be forgotten when it is delivered.
struct Digest {
    /// Its key is the caller's to set. Body:
    /// {"rule","raises","at","opened","closed","open","levels","ended","episodes", "ended_episodes"}: counts of all,
    /// and of the episodes that still hold those that matter most.
    Notice notice;
    std::vector<RowKey> rows;
};

/// Collects held notices of one receiver: transitions only, those of an episode in the order of their keys. Pure; used
/// by one thread.
class Held {
public:
    static constexpr std::size_t kListedMax = 50;        ///< episodes listed in one digest, highest level first
    static constexpr std::size_t kEndedListedMax = 100;  ///< ids of episodes that ended during the silence
    static constexpr std::size_t kBodyBytesMax = 16 << 10;

    void add(Notice notice);
    [[nodiscard]] bool empty() const { return rules_.empty(); }
    [[nodiscard]] std::size_t size() const { return size_; }  ///< rows
    /// Whether something of this episode is held that its receiver has not been told.
    [[nodiscard]] bool holds(const std::string& rule, const std::string& episode) const;

    /// Rules whose notices stay held for now.
    using Waiting = std::set<std::string>;

    /// One digest per rule, also when nothing holds any more; forgets everything but what waits. The same notices give
    /// the same id and content, so a restart before the delivery repeats it.
    std::vector<Digest> digests(const std::string& receiver, const Waiting& waiting = {});
    /// For receivers that keep a state of their own (Alertmanager): the last notice of each episode that is still open,
    /// the closings of those that opened before the silence, and the rows that nothing needs any more. Forgets
    /// everything but what waits.
    std::pair<std::vector<Notice>, std::vector<RowKey>> newest(const Waiting& waiting = {});

private:
    struct Rule {
        std::vector<RowKey> rows;
        std::uint64_t ids = 0, ids_again = 0;  // of all notices, in whatever order they came: two sums of their hashes
        std::map<std::string, Notice> open;    // by episode: its last notice
        std::map<std::string, Notice> ended;   // by episode: its closing, if its opening was not held
        std::map<std::string, bool> opening_held;
        std::size_t opened = 0, closed = 0;
        Instant newest = kBeforeAll;
    };
    /// The rules that do not wait; they are forgotten.
    std::map<std::string, Rule> take(const Waiting& waiting);
    static std::string body_of(const std::string& name, const Rule& rule);
    static std::string id_of(const std::string& receiver, const std::string& name, const Rule& rule);

    std::map<std::string, Rule> rules_;
    std::size_t size_ = 0;
};

}  // namespace tocsin::outbox
