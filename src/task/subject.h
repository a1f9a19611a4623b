#pragma once
/// Who a rule is about: the values of its `by` fields, packed into one key.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/event.h"
#include "tocsin/rule_set.h"

namespace tocsin::task {

/// Each value behind its length, so that no two subjects share a key.
std::string subject_key(const std::vector<std::string_view>& values);
/// The values of a key; empty if it is damaged.
std::vector<std::string> subject_values(std::string_view key);

/// The event's subject under the rule; nothing if a `by` field is missing. `area`, if given, stands for the event's own
/// (an ancestor of it). A missing subscriber is the customer.
std::optional<std::string> subject_of(const Rule& rule, const Event& event, std::string_view area = {});

/// The subscriber in a subject of the rule; nothing if the rule does not tell subscribers apart.
std::optional<std::string> subscriber_in(const Rule& rule, std::string_view subject);

/// The task that owns a cell and its episode: hash(rule, subject) mod tasks (design 6).
std::uint32_t owner_of(const Rule& rule, std::string_view subject, std::uint32_t task_count);

}  // namespace tocsin::task
