#pragma once
/// Who is behind the identifiers of an event: the links of one person's numbers, contact phones, id hashes, cards
/// (`identity:` in tocsin.yml, docs/input_formats.md). Pure; immutable after close(), then shared by all threads.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tocsin/event.h"

namespace tocsin::decode {

struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Groups of identifiers, each of which is one person. The smallest identifier names the person, whatever the order in
/// which the links were given.
class PersonLinks {
public:
    /// Two identifiers are of one person. Of the same text: only that it is known.
    void link(std::string_view a, std::string_view b);
    /// After the last link(). A group of more than `members_max` is an agent, or a mistake, and no person: each of its
    /// identifiers stands for itself again.
    void close(std::size_t members_max);

    /// Empty: not linked. The view lives as long as this object.
    [[nodiscard]] std::string_view person_of(std::string_view identifier) const;

    [[nodiscard]] std::size_t identifiers() const { return texts_.size(); }
    [[nodiscard]] std::size_t refused_groups() const { return refused_groups_; }  ///< too large
    [[nodiscard]] std::size_t largest_group() const { return largest_group_; }    ///< members, refused ones included

private:
    using Id = std::uint32_t;
    Id id_of(std::string_view text);
    Id root_of(Id id);

    std::unordered_map<std::string, Id, StringHash, std::equal_to<>> ids_;
    std::vector<const std::string*> texts_;  // by Id; keys of ids_, set by close()
    std::vector<Id> parents_;                // by Id; after close(): whose name it goes by
    std::size_t refused_groups_ = 0, largest_group_ = 0;
};

/// What the configuration says about persons.
struct Identity {
    std::vector<FieldId> fields;  ///< identifiers of an event, in the order in which they are asked; string fields
    PersonLinks links;

    /// The customer becomes the person of the first identifier that is linked; without one it stays. The event's views
    /// may then look into `links`.
    void resolve(Event& event) const;
};

}  // namespace tocsin::decode
