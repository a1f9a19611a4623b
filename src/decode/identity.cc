#include "decode/identity.h"

#include <algorithm>
#include <utility>

namespace tocsin::decode {

PersonLinks::Id PersonLinks::id_of(std::string_view text) {
    const auto [entry, is_new] = ids_.try_emplace(std::string(text), static_cast<Id>(parents_.size()));
    if (is_new) parents_.push_back(entry->second);
    return entry->second;
}

PersonLinks::Id PersonLinks::root_of(Id id) {
    while (parents_[id] != id) id = parents_[id] = parents_[parents_[id]];
    return id;
}

void PersonLinks::link(std::string_view a, std::string_view b) {
    const Id first = root_of(id_of(a)), second = root_of(id_of(b));
    parents_[std::max(first, second)] = std::min(first, second);
}

void PersonLinks::close(std::size_t members_max) {
    texts_.resize(parents_.size());
    for (const auto& [text, id] : ids_) texts_[id] = &text;
    std::vector<Id> roots(parents_.size()), names(parents_.size());
    std::vector<std::size_t> members(parents_.size(), 0);
    for (Id id = 0; id < parents_.size(); ++id) {
        const Id root = roots[id] = root_of(id);
        if (members[root]++ == 0 || *texts_[id] < *texts_[names[root]]) names[root] = id;
    }
    for (Id id = 0; id < parents_.size(); ++id) {
        const Id root = roots[id];
        const bool refused = members[root] > members_max;
        refused_groups_ += refused && id == root ? 1 : 0;
        largest_group_ = std::max(largest_group_, members[root]);
        parents_[id] = refused ? id : names[root];
    }
}

std::string_view PersonLinks::person_of(std::string_view identifier) const {
    const auto entry = ids_.find(identifier);
    return entry == ids_.end() ? std::string_view() : *texts_[parents_[entry->second]];
}

void Identity::resolve(Event& event) const {
    for (const FieldId field : fields) {
        std::string_view identifier;
        if (field == kFieldCustomer)
            identifier = event.customer;
        else if (field == kFieldSubscriber)
            identifier = event.subscriber;
        else {
            const auto entry = std::find_if(event.fields.begin(), event.fields.end(),
                                            [&](const FieldValue& value) { return value.field == field; });
            if (entry != event.fields.end()) identifier = entry->value.string;
        }
        if (identifier.empty()) continue;
        if (const std::string_view person = links.person_of(identifier); !person.empty()) {
            event.customer = person;
            return;
        }
    }
}

}  // namespace tocsin::decode
