#include "ledger/dictionary.h"

namespace tocsin::ledger {

Dictionary::Dictionary() {
    words_.emplace_back();
    ids_.emplace(words_.back(), kEmpty);
}

WordId Dictionary::intern(std::string_view word) {
    if (const auto it = ids_.find(word); it != ids_.end()) return it->second;
    if (words_.size() >= kWordsMax) return kNoWord;
    const auto id = static_cast<WordId>(words_.size());
    words_.push_back(texts_.emplace_back(word));
    ids_.emplace(words_.back(), id);
    return id;
}

WordId Dictionary::find(std::string_view word) const {
    const auto it = ids_.find(word);
    return it == ids_.end() ? kNoWord : it->second;
}

std::string_view Dictionary::word(WordId id) const {
    return id < words_.size() ? words_[id] : std::string_view{};
}

bool Dictionary::load(std::string_view key, std::string_view value) {
    if (key.size() != 5 || key[0] != kKeyPrefix) return false;
    WordId id = 0;
    for (const char c : key.substr(1)) id = (id << 8) | static_cast<std::uint8_t>(c);
    if (id == kEmpty || id >= kWordsMax) return false;
    if (id >= words_.size()) words_.resize(id + 1);
    words_[id] = texts_.emplace_back(value);
    ids_[words_[id]] = id;
    written_ = words_.size();
    return true;
}

void Dictionary::write(WriteBatch& batch) {
    for (; written_ < words_.size(); ++written_) {
        const auto id = static_cast<WordId>(written_);
        const char key[5] = {kKeyPrefix, static_cast<char>(id >> 24), static_cast<char>(id >> 16),
                             static_cast<char>(id >> 8), static_cast<char>(id)};
        batch.put({key, sizeof key}, words_[written_]);
    }
}

}  // namespace tocsin::ledger
