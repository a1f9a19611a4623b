#pragma once
/// A profile unpacked for work: the customer's remembered events, open promises and episodes. The bytes are drawn in
/// docs/storage_format.md.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "ledger/dictionary.h"
#include "tocsin/event.h"
#include "tocsin/schema.h"
#include "tocsin/text_answers.h"

namespace tocsin::ledger {

/// Stored words <-> today's schema. Kinds and fields are stored by name, so that events.yml may change: what it no
/// longer declares stays stored and is invisible. Owned by the task; rebuilt when words are added.
class Vocabulary {
public:
    Vocabulary(const EventSchema& schema, Dictionary& words) : schema_(schema), words_(words) {}
    Dictionary& words() { return words_; }
    [[nodiscard]] std::string_view word(WordId id) const { return words_.word(id); }

    WordId kind_word(KindId kind);
    WordId field_word(FieldId field);
    /// False: the schema no longer has it.
    bool kind_of(WordId word, KindId& kind);
    bool field_of(WordId word, FieldId& field);
    /// Text fields are not kept (design 8.1), but what was asked of them is (text_answers.h).
    [[nodiscard]] bool kept(FieldId field) const {
        return field == kFieldAnswers || schema_.field_type(field) != FieldType::kText;
    }

private:
    static constexpr std::uint32_t kUnresolved = UINT32_MAX;
    const EventSchema& schema_;
    Dictionary& words_;
    std::vector<WordId> kind_words_, field_words_;     // by KindId, FieldId
    std::vector<std::uint32_t> kind_ids_, field_ids_;  // by WordId
    WordId answers_word_ = Dictionary::kNoWord;
};

/// One remembered event and its stored bytes. A rolled row only remembers that something of its kind, area and
/// category last happened then: it no longer counts, but it still says whether a person is new to a cell.
struct Row {
    bool rolled = false;
    Event event;
    std::string_view raw;
};

/// An event id that lost its row to the bound, kept for duplicates only.
struct OldId {
    Instant time;
    std::uint64_t hash = 0;
};

class Profile {
public:
    static constexpr std::size_t kRolledRowsMax = 64;
    /// One customer's ids without a row. A duplicate of an id that fell off this list counts again.
    static constexpr std::size_t kOldIdsMax = 4096;
    /// The kind of a row whose kind events.yml no longer declares: no rule listens to it.
    static constexpr KindId kUndeclaredKind = UINT16_MAX;
    static constexpr std::uint8_t kFormat = 1;

    /// Forgets everything; keeps the memory.
    void clear();
    /// False: the bytes are damaged, or of a newer format. All views look into `bytes` and the dictionary.
    bool unpack(std::string_view bytes, std::string_view customer, Vocabulary& words);
    /// The bytes to store. Rows keep the bytes they came with.
    void pack(std::string& out) const;

    /// Ascending by time; rows of one instant in order of arrival.
    [[nodiscard]] std::span<const Row> rows() const { return std::span(rows_).subspan(first_row_); }
    /// Adds an event in its own place; its views must live until keep() is called or this profile is used no more.
    /// Returns its index.
    std::size_t add(const Event& event, Vocabulary& words);
    /// Reads the row that was added last again from its stored bytes: it outlives the record, and has what is kept.
    void keep(std::size_t index, std::string_view customer, Vocabulary& words);
    /// The event never happened: its row leaves; its id stays known.
    void withdraw(std::size_t index);
    /// The id of an event that gets no row stays known.
    void know(std::string_view id, Instant time);
    /// The row says this from now on. Its time, id and kind must be those it had.
    void replace(std::size_t index, const Event& event, Vocabulary& words);
    /// Rows added since unpack(): what they leave behind is given back only by pack() and unpack().
    [[nodiscard]] std::size_t added() const { return added_; }
    /// Whether an event of this id lies within `window` of `time`, either way.
    [[nodiscard]] bool has_id(std::string_view id, Instant time, Duration window) const;
    /// Drops rows and ids before `oldest`, except those nothing may forget; rolls the oldest rows up until at most
    /// `rows_max` still count. Returns how many were rolled up.
    std::size_t trim(Instant oldest, std::size_t rows_max, Duration dedup);
    /// hash64 of the ids whose rows have left since the last unpack() or forget_left().
    [[nodiscard]] std::span<const std::uint64_t> left() const { return left_; }
    void forget_left() { left_.clear(); }

    /// The open promises, episodes and timers, in the encoding of module episodes. Opaque here.
    std::string_view states;
    [[nodiscard]] bool empty() const { return rows().empty() && old_ids().empty() && states.empty(); }
    [[nodiscard]] std::span<const OldId> old_ids() const { return std::span(old_ids_).subspan(first_old_id_); }

private:
    bool read_row(std::string_view raw, std::string_view customer, Vocabulary& words, Row& row);
    void make_room(std::size_t fields);
    std::string_view hold(std::string_view bytes);
    void know_ids() const;
    void drop_before(Instant oldest);
    void drop_row(std::size_t index);
    void roll_oldest();
    void drop_old_ids(Instant before);
    void know(OldId id);

    // What leaves at the front only moves a number: a busy customer's rows are many, and one leaves with each that
    // comes.
    std::vector<Row> rows_;
    std::size_t first_row_ = 0;
    std::size_t counting_ = 0;  // rows that are not rolled up
    std::vector<OldId> old_ids_;
    std::size_t first_old_id_ = 0;
    bool old_ids_ascend_ = true;
    std::vector<FieldValue> fields_;  // the rows' fields look into it
    static constexpr std::size_t kChunkBytes = 1024;
    std::vector<std::unique_ptr<char[]>> chunks_;  // bytes of the rows added
    std::size_t chunk_used_ = 0;                   // of the last one
    std::size_t added_ = 0;
    std::string scratch_;
    std::vector<std::uint64_t> left_;
    mutable absl::flat_hash_set<std::uint64_t> known_ids_;  // empty, or of all rows and old ids, and perhaps more
};

}  // namespace tocsin::ledger
