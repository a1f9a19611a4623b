#include "task/corrections.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "task/task.h"

namespace tocsin::task {
namespace {

constexpr std::array<std::string_view, kCorrections> kKinds = {"event_withdrawn", "event_merged", "event_duplicate",
                                                               "event_reclassified"};
constexpr std::array<std::string_view, 5> kResults = {"applied", "waiting", "repeated", "rolled_up", "no_event"};

}  // namespace

std::string_view correction_name(Correction correction) {
    const auto i = static_cast<std::size_t>(correction);
    return i < kCorrections ? kKinds[i].substr(kKinds[i].find('_') + 1) : std::string_view();
}

std::string_view correction_result_name(CorrectionResult result) {
    return kResults[static_cast<std::size_t>(result)];
}

Corrections::Corrections(const EventSchema& schema)
    : schema_(schema), by_kind_(schema.kinds().size(), Correction::kNone), corrects_(schema.field("corrects")) {
    if (!corrects_ || schema.field_type(*corrects_) != FieldType::kString) return;
    for (std::size_t i = 0; i < kCorrections; ++i) {
        const auto kind = schema.kind(kKinds[i]);
        if (kind && schema.has_field(*kind, *corrects_)) by_kind_[*kind] = static_cast<Correction>(i);
    }
}

void Corrections::meet_word(std::string_view word) {
    met_ = met_ || std::find(kKinds.begin(), kKinds.end(), word) != kKinds.end();
}

std::string_view Corrections::target(const Event& correction) const {
    const Value id = correction.field(*corrects_);
    return id.is_missing() ? std::string_view() : id.string;
}

Correction Corrections::about(std::span<const ledger::Row> rows, std::string_view id,
                              std::optional<std::size_t> except) const {
    Correction said = Correction::kNone;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Correction correction = of(rows[i].event.kind);
        if (correction == Correction::kNone || i == except || target(rows[i].event) != id) continue;
        if (correction != Correction::kReclassified) return correction;
        said = correction;
    }
    return said;
}

const Event& Corrections::corrected(std::span<const ledger::Row> rows, const Event& event) {
    Event now = event;
    std::vector<FieldValue> fields(event.fields.begin(), event.fields.end());
    for (const ledger::Row& row : rows) {
        const Event& said = row.event;
        if (of(said.kind) != Correction::kReclassified || target(said) != event.id) continue;
        if (!said.area.empty()) now.area = said.area;
        if (!said.category.empty()) now.category = said.category;
        if (!said.channel.empty()) now.channel = said.channel;
        for (const FieldValue& f : said.fields) {
            if (f.field == *corrects_ || !schema_.has_field(event.kind, f.field)) continue;
            const auto at = std::lower_bound(fields.begin(), fields.end(), f.field,
                                             [](const FieldValue& have, FieldId id) { return have.field < id; });
            if (at != fields.end() && at->field == f.field)
                at->value = f.value;
            else
                fields.insert(at, f);
        }
    }
    fields_ = std::move(fields);
    event_ = now;
    event_.fields = fields_;
    return event_;
}

Corrections::Found Corrections::find(const ledger::Profile& profile, std::size_t index) const {
    const auto rows = profile.rows();
    const std::string_view id = target(rows[index].event);
    if (id.empty() || id == rows[index].event.id || rows[index].event.customer.empty()) return {};
    for (std::size_t i = rows.size(); i-- > 0;) {
        if (rows[i].event.id != id) continue;
        if (of(rows[i].event.kind) != Correction::kNone) return {};
        return {rows[i].rolled ? CorrectionResult::kRolledUp : CorrectionResult::kApplied, i};
    }
    const Correction before = about(rows, id, index);
    if (before != Correction::kNone && before != Correction::kReclassified) return {CorrectionResult::kRepeated};
    const auto old = profile.old_ids();
    const bool rolled = std::any_of(old.begin(), old.end(),
                                    [hash = hash64(id)](const ledger::OldId& known) { return known.hash == hash; });
    return {rolled ? CorrectionResult::kRolledUp : CorrectionResult::kWaiting};
}

void Task::correct(WorkingSet::Entry& at, std::size_t index, Instant now, std::vector<Touch>& touches,
                   Applied& applied) {
    ledger::Profile& profile = at.profile;
    const Event correction = profile.rows()[index].event;
    corrections_.meet();
    applied.correction = corrections_.of(correction.kind);
    const Corrections::Found found = corrections_.find(profile, index);
    applied.correction_result = found.result;
    if (found.result != CorrectionResult::kApplied) return;

    Event was = profile.rows()[found.row].event;
    const std::vector<FieldValue> fields(was.fields.begin(), was.fields.end());  // the row's own may move
    was.fields = fields;
    const bool stays = applied.correction == Correction::kReclassified;
    if (was.kind == ledger::Profile::kUndeclaredKind) {
        if (!stays) profile.withdraw(found.row);
        return;
    }
    const Instant cells_from = std::min(cells_from_, clock_);
    feed_.take_back(profile, found.row, cells_from, correction.time, touches);
    Instant oldest = oldest_kept();
    for (const ledger::Row& row : profile.rows()) oldest = row.rolled ? std::max(oldest, row.event.time) : oldest;
    std::optional<std::size_t> is;
    if (stays) {
        profile.replace(found.row, corrections_.corrected(profile.rows(), was), vocabulary_);
        feed_.add(profile, found.row, cells_from, touches);
        is = found.row;
    } else {
        profile.withdraw(found.row);
    }
    persons_.correct(profile, at.states, {was, found.row, is, oldest}, now);
    applied.uncovered += persons_.take_uncovered();
}

}  // namespace tocsin::task
