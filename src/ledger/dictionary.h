#pragma once
/// The words of one task: names of kinds, fields and rules, and the values of area, category and channel, each stored
/// once and meant by a number ever after. Numbers are never reused. Not synchronised: belongs to its task.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ledger/text_hash.h"
#include "tocsin/write_batch.h"

namespace tocsin::ledger {

using WordId = std::uint32_t;

class Dictionary {
public:
    /// Beyond this many words new ones are written in place instead (intern() answers kNoWord): a feed that invents
    /// categories costs space, not the task.
    static constexpr std::size_t kWordsMax = 1'000'000;
    static constexpr WordId kEmpty = 0;  ///< the empty string
    static constexpr WordId kNoWord = UINT32_MAX;

    Dictionary();
    WordId intern(std::string_view word);
    /// kNoWord if the word was never interned.
    [[nodiscard]] WordId find(std::string_view word) const;
    /// The empty string for a number never given. The view stays valid as long as the dictionary.
    [[nodiscard]] std::string_view word(WordId id) const;
    [[nodiscard]] std::size_t size() const { return words_.size(); }

    /// Restores one stored word; numbers come in any order. False: damaged key or a number out of bounds.
    bool load(std::string_view key, std::string_view value);
    /// Adds the words that are new since the last call. Keys: 'd', number as 4 bytes big-endian.
    void write(WriteBatch& batch);
    static constexpr char kKeyPrefix = 'd';

private:
    std::deque<std::string> texts_;
    std::vector<std::string_view> words_;  // by number
    absl::flat_hash_map<std::string_view, WordId, TextHash, TextEqual> ids_;
    std::size_t written_ = 1;
};

}  // namespace tocsin::ledger
