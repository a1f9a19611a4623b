#pragma once
/// Annotations: plain text with the Prometheus subset of Go's templates, checked when loaded.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/fault.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

constexpr std::size_t kTemplateBytesMax = 4096;
constexpr int kTemplateDepthMax = 16;  ///< of `if` in `if`, and of parentheses

/// What a template may name.
struct TemplateNames {
    const EventSchema& schema;
    std::span<const Measure> measures;  ///< `{{ $n }}`; `{{ $value }}` is the first
    std::vector<std::string> labels;    ///< `{{ $labels.area }}`
    bool promise = false;               ///< `{{ $overdue }}`, which is also `{{ $value }}`
    std::vector<KindId> last;           ///< kinds of `{{ $last.field }}`; empty: no events are kept
};

/// Empty with `fault` filled if a name or function is unknown, an argument is wrong, or a brace is not closed.
std::optional<Template> compile_template(std::string_view text, const TemplateNames& names, Fault& fault);

}  // namespace tocsin::rules
