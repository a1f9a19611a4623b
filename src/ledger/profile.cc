#include "ledger/profile.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/digest.h"
#include "ledger/codec.h"
#include "tocsin/check.h"

namespace tocsin::ledger {
namespace {

constexpr std::uint8_t kRowRolled = 1;
constexpr std::size_t kSearchedMax = 16;  // beyond so many ids a table of them is made

// A word, or the text itself where the dictionary is full: 0 is never a number's successor, so it marks the text.
void put_word(std::string& out, std::string_view text, Vocabulary& words) {
    const WordId id = words.words().intern(text);
    if (id == Dictionary::kNoWord) {
        put_varint(out, 0);
        put_string(out, text);
    } else {
        put_varint(out, std::uint64_t{id} + 1);
    }
}

std::string_view get_word(Reader& in, Vocabulary& words) {
    const std::uint64_t n = in.varint();
    return n == 0 ? in.string() : words.word(static_cast<WordId>(n - 1));
}

void put_value(std::string& out, const Value& v) {
    out.push_back(static_cast<char>(v.type));
    switch (v.type) {
        case Value::Type::kMissing:
            break;
        case Value::Type::kBool:
            out.push_back(v.boolean ? 1 : 0);
            break;
        case Value::Type::kInt:
        case Value::Type::kTime:
        case Value::Type::kDuration:
            put_signed(out, v.integer);
            break;
        case Value::Type::kNumber:
            put_fixed64(out, std::bit_cast<std::uint64_t>(v.number));
            break;
        case Value::Type::kString:
            put_string(out, v.string);
            break;
    }
}

bool get_value(Reader& in, Value& v) {
    const std::uint8_t type = in.byte();
    if (type > static_cast<std::uint8_t>(Value::Type::kString)) return false;
    v.type = static_cast<Value::Type>(type);
    switch (v.type) {
        case Value::Type::kMissing:
            break;
        case Value::Type::kBool:
            v.boolean = in.byte() != 0;
            break;
        case Value::Type::kInt:
        case Value::Type::kTime:
        case Value::Type::kDuration:
            v.integer = in.signed_varint();
            break;
        case Value::Type::kNumber:
            v.number = std::bit_cast<double>(in.fixed64());
            break;
        case Value::Type::kString:
            v.string = in.string();
            break;
    }
    return true;
}

void put_row(std::string& out, const Event& e, Vocabulary& words) {
    out.push_back(0);  // flags
    put_instant(out, e.time);
    put_varint(out, words.kind_word(e.kind));
    put_word(out, e.area, words);
    put_word(out, e.category, words);
    put_word(out, e.channel, words);
    put_string(out, e.id);
    put_string(out, e.subscriber == e.customer ? std::string_view{} : e.subscriber);
    std::size_t kept = 0;
    for (const FieldValue& f : e.fields) kept += words.kept(f.field) ? 1 : 0;
    put_varint(out, kept);
    for (const FieldValue& f : e.fields) {
        if (!words.kept(f.field)) continue;
        put_varint(out, words.field_word(f.field));
        put_value(out, f.value);
    }
}

}  // namespace

WordId Vocabulary::kind_word(KindId kind) {
    if (kind >= kind_words_.size()) kind_words_.resize(kind + 1, Dictionary::kNoWord);
    if (kind_words_[kind] == Dictionary::kNoWord) kind_words_[kind] = words_.intern(schema_.kind_def(kind).name);
    return kind_words_[kind];
}

WordId Vocabulary::field_word(FieldId field) {
    if (field == kFieldAnswers) {
        if (answers_word_ == Dictionary::kNoWord) answers_word_ = words_.intern(kAnswersName);
        return answers_word_;
    }
    if (field >= field_words_.size()) field_words_.resize(field + 1, Dictionary::kNoWord);
    if (field_words_[field] == Dictionary::kNoWord) field_words_[field] = words_.intern(schema_.field_name(field));
    return field_words_[field];
}

bool Vocabulary::kind_of(WordId word, KindId& kind) {
    if (word >= kind_ids_.size()) kind_ids_.resize(words_.size() + 1, kUnresolved);
    if (word >= kind_ids_.size()) return false;
    if (kind_ids_[word] == kUnresolved) kind_ids_[word] = schema_.kind(words_.word(word)).value_or(UINT16_MAX);
    kind = static_cast<KindId>(kind_ids_[word]);
    return kind_ids_[word] != UINT16_MAX;
}

bool Vocabulary::field_of(WordId word, FieldId& field) {
    if (word >= field_ids_.size()) field_ids_.resize(words_.size() + 1, kUnresolved);
    if (word >= field_ids_.size()) return false;
    if (field_ids_[word] == kUnresolved) {
        const std::string_view name = words_.word(word);
        field_ids_[word] = name == kAnswersName ? kFieldAnswers : schema_.field(name).value_or(UINT16_MAX);
    }
    field = static_cast<FieldId>(field_ids_[word]);
    return field_ids_[word] != UINT16_MAX;
}

void Profile::clear() {
    rows_.clear();
    old_ids_.clear();
    fields_.clear();
    if (chunks_.size() > 1) chunks_.resize(1);
    chunk_used_ = added_ = 0;
    known_ids_.clear();
    left_.clear();
    first_row_ = first_old_id_ = counting_ = 0;
    old_ids_ascend_ = true;
    states = {};
}

bool Profile::unpack(std::string_view bytes, std::string_view customer, Vocabulary& words) {
    clear();
    Reader in(bytes);
    if (in.byte() != kFormat) return false;
    states = in.string();
    for (std::uint64_t n = in.count(); n > 0; --n) {
        const Instant time = in.instant();
        if (!old_ids_.empty() && time < old_ids_.back().time) old_ids_ascend_ = false;
        old_ids_.push_back({time, in.fixed64()});
    }
    while (!in.done()) {
        const std::string_view raw = in.string();
        Row row;
        if (!in.ok() || !read_row(raw, customer, words, row)) return false;
        rows_.push_back(row);
        counting_ += row.rolled ? 0 : 1;
    }
    return in.ok();
}

// Room for so many more fields, without moving those that rows look at, or with taking the rows along.
void Profile::make_room(std::size_t fields) {
    const std::size_t need = fields_.size() + fields;
    if (need <= fields_.capacity()) return;
    std::vector<FieldValue> larger;
    larger.reserve(2 * need);
    larger = fields_;
    for (Row& row : rows_) {
        if (row.event.fields.empty()) continue;
        const std::ptrdiff_t first = row.event.fields.data() - fields_.data();
        row.event.fields = std::span(larger).subspan(static_cast<std::size_t>(first), row.event.fields.size());
    }
    fields_ = std::move(larger);
}

bool Profile::read_row(std::string_view raw, std::string_view customer, Vocabulary& words, Row& row) {
    Reader in(raw);
    row.raw = raw;
    row.rolled = (in.byte() & kRowRolled) != 0;
    Event& e = row.event;
    e.time = in.instant();
    if (!words.kind_of(static_cast<WordId>(in.varint()), e.kind)) e.kind = kUndeclaredKind;
    e.customer = customer;
    e.area = get_word(in, words);
    e.category = get_word(in, words);
    e.channel = get_word(in, words);
    e.id = in.string();
    e.subscriber = in.string();
    if (e.subscriber.empty()) e.subscriber = customer;
    const std::uint64_t count = in.count();
    make_room(count);
    const std::size_t first = fields_.size();
    for (std::uint64_t n = count; n > 0; --n) {
        FieldValue f;
        const bool declared = words.field_of(static_cast<WordId>(in.varint()), f.field);
        if (!get_value(in, f.value)) return false;
        if (declared) fields_.push_back(f);
    }
    e.fields = std::span(fields_).subspan(first);
    return in.ok() && in.done();
}

void Profile::pack(std::string& out) const {
    out.clear();
    out.push_back(static_cast<char>(kFormat));
    put_string(out, states);
    put_varint(out, old_ids().size());
    for (const OldId& id : old_ids()) {
        put_instant(out, id.time);
        put_fixed64(out, id.hash);
    }
    for (const Row& row : rows()) {
        put_varint(out, row.raw.size());
        const std::size_t at = out.size();
        out.append(row.raw);
        if (row.rolled) out[at] = static_cast<char>(kRowRolled);
    }
}

std::string_view Profile::hold(std::string_view bytes) {
    if (chunks_.empty() || chunk_used_ + bytes.size() > kChunkBytes) {
        // Also where the last one is larger than others: it is full of one row.
        chunks_.push_back(std::make_unique_for_overwrite<char[]>(std::max(bytes.size(), kChunkBytes)));
        chunk_used_ = 0;
    }
    char* at = chunks_.back().get() + chunk_used_;
    std::memcpy(at, bytes.data(), bytes.size());
    chunk_used_ += bytes.size();
    return {at, bytes.size()};
}

std::size_t Profile::add(const Event& event, Vocabulary& words) {
    scratch_.clear();
    put_row(scratch_, event, words);
    Row row{false, event, hold(scratch_)};
    ++added_;
    if (row.event.subscriber.empty()) row.event.subscriber = row.event.customer;
    if (rows_.size() == rows_.capacity() && first_row_ > rows_.size() / 4) {
        rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(first_row_));
        first_row_ = 0;
    }
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first_row_);
    const auto at =
        std::upper_bound(begin, rows_.end(), event.time, [](Instant t, const Row& r) { return t < r.event.time; });
    const auto placed = rows_.insert(at, row);  // may move all rows
    ++counting_;
    if (!known_ids_.empty()) known_ids_.insert(hash64(event.id));
    return static_cast<std::size_t>(placed - rows_.begin()) - first_row_;
}

void Profile::keep(std::size_t index, std::string_view customer, Vocabulary& words) {
    Row& row = rows_[first_row_ + index];
    row.event.fields = {};  // the record's own, not ours: make_room() must not look at them
    const bool ok = read_row(row.raw, customer, words, row);
    TOCSIN_CHECK(ok, "what add() wrote can be read");
}

// Made when it is first needed, and only for those who have many.
void Profile::know_ids() const {
    for (const Row& row : rows()) known_ids_.insert(hash64(row.event.id));
    for (const OldId& id : old_ids()) known_ids_.insert(id.hash);
}

bool Profile::has_id(std::string_view id, Instant time, Duration window) const {
    if (window == Duration(0)) return false;
    if (rows().size() + old_ids().size() > kSearchedMax) {
        if (known_ids_.empty()) know_ids();
        if (!known_ids_.contains(hash64(id))) return false;
    }
    const auto near = [&](Instant t) { return (t < time ? time - t : t - time) <= window; };
    for (const Row& row : rows()) {
        if (row.event.id == id && near(row.event.time)) return true;
    }
    if (old_ids().empty()) return false;
    const std::uint64_t hash = hash64(id);
    const auto same = [&](const OldId& old) { return old.hash == hash && near(old.time); };
    return std::any_of(old_ids().begin(), old_ids().end(), same);
}

void Profile::drop_row(std::size_t index) {
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first_row_);
    left_.push_back(hash64(rows()[index].event.id));
    const auto gone = begin + static_cast<std::ptrdiff_t>(index);
    if (index < rows().size() / 2) {  // the shorter way
        std::move_backward(begin, gone, gone + 1);
        ++first_row_;
    } else {
        rows_.erase(gone);
    }
}

void Profile::know(OldId id) {
    if (!old_ids().empty() && id.time < old_ids().back().time) old_ids_ascend_ = false;
    old_ids_.push_back(id);
}

void Profile::know(std::string_view id, Instant time) {
    const std::uint64_t hash = hash64(id);
    know(OldId{time, hash});
    if (!known_ids_.empty()) known_ids_.insert(hash);
}

void Profile::withdraw(std::size_t index) {
    const Row& row = rows()[index];
    know(OldId{row.event.time, hash64(row.event.id)});
    counting_ -= row.rolled ? 0 : 1;
    drop_row(index);
}

void Profile::replace(std::size_t index, const Event& event, Vocabulary& words) {
    scratch_.clear();
    put_row(scratch_, event, words);
    Row& row = rows_[first_row_ + index];
    row.raw = hold(scratch_);
    ++added_;
    keep(index, row.event.customer, words);
}

// The oldest counting row becomes a rolled one and replaces an older rolled row of its kind, area and category.
void Profile::roll_oldest() {
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first_row_);
    const auto oldest = std::find_if(begin, rows_.end(), [](const Row& r) { return !r.rolled; });
    know({oldest->event.time, hash64(oldest->event.id)});
    oldest->rolled = true;
    --counting_;
    const Event& e = oldest->event;
    const auto same = std::find_if(begin, oldest, [&](const Row& r) {
        return r.rolled && r.event.kind == e.kind && r.event.area == e.area && r.event.category == e.category;
    });
    if (same != oldest) {
        drop_row(static_cast<std::size_t>(same - begin));
    } else if (static_cast<std::size_t>(oldest - begin) >= kRolledRowsMax) {
        drop_row(0);
    }
}

// Rows ascend by time: what is too old stands in front.
void Profile::drop_before(Instant oldest) {
    while (!rows().empty() && rows().front().event.time < oldest) {
        counting_ -= rows().front().rolled ? 0 : 1;
        left_.push_back(hash64(rows().front().event.id));
        ++first_row_;
    }
}

void Profile::drop_old_ids(Instant before) {
    const auto give_back = [this] {
        old_ids_.erase(old_ids_.begin(), old_ids_.begin() + static_cast<std::ptrdiff_t>(first_old_id_));
        first_old_id_ = 0;
    };
    if (old_ids_ascend_) {
        while (!old_ids().empty() && old_ids().front().time < before) ++first_old_id_;
    } else {
        give_back();
        std::erase_if(old_ids_, [before](const OldId& id) { return id.time < before; });
    }
    if (old_ids().size() > kOldIdsMax) first_old_id_ = old_ids_.size() - kOldIdsMax;
    if (first_old_id_ > old_ids_.size() / 2) give_back();
}

std::size_t Profile::trim(Instant oldest, std::size_t rows_max, Duration dedup) {
    drop_before(oldest);
    std::size_t rolled = 0;
    for (; counting_ > rows_max; ++rolled) roll_oldest();
    // An id may leave before its time only with the customer's last row.
    drop_old_ids(rows().empty() ? oldest : rows().back().event.time - dedup);
    return rolled;
}

}  // namespace tocsin::ledger
