#include "task/subject.h"

#include <algorithm>

#include "base/digest.h"
#include "ledger/codec.h"

namespace tocsin::task {

std::string subject_key(const std::vector<std::string_view>& values) {
    std::string key;
    for (const std::string_view v : values) ledger::put_string(key, v);
    return key;
}

std::vector<std::string> subject_values(std::string_view key) {
    std::vector<std::string> values;
    ledger::Reader in(key);
    while (!in.done()) values.emplace_back(in.string());
    if (!in.ok()) values.clear();
    return values;
}

std::optional<std::string> subject_of(const Rule& rule, const Event& event, std::string_view area) {
    std::string key;
    for (const FieldId field : rule.by) {
        if (field == kFieldArea && !area.empty()) {
            ledger::put_string(key, area);
            continue;
        }
        Value v = event.field(field);
        if (field == kFieldSubscriber && v.is_missing()) v = event.field(kFieldCustomer);
        switch (v.type) {
            case Value::Type::kString:
                ledger::put_string(key, v.string);
                break;
            case Value::Type::kInt:
                ledger::put_string(key, std::to_string(v.integer));
                break;
            case Value::Type::kBool:
                ledger::put_string(key, v.boolean ? "true" : "false");
                break;
            default:
                return std::nullopt;
        }
    }
    return key;
}

std::optional<std::string> subscriber_in(const Rule& rule, std::string_view subject) {
    const auto at = std::find(rule.by.begin(), rule.by.end(), kFieldSubscriber) - rule.by.begin();
    if (at == static_cast<std::ptrdiff_t>(rule.by.size())) return std::nullopt;
    std::vector<std::string> values = subject_values(subject);
    if (static_cast<std::size_t>(at) >= values.size()) return std::nullopt;
    return std::move(values[static_cast<std::size_t>(at)]);
}

std::uint32_t owner_of(const Rule& rule, std::string_view subject, std::uint32_t task_count) {
    return static_cast<std::uint32_t>((hash64(rule.name) * 31 + hash64(subject)) % task_count);
}

}  // namespace tocsin::task
