#pragma once
/// Annotations: plain text with `{{ $n }}`, `{{ $value }}` and `{{ $labels.area }}`, checked when loaded.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/fault.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

constexpr std::size_t kTemplateBytesMax = 4096;

/// What a template may name.
struct TemplateNames {
    std::span<const Measure> measures;  ///< `{{ $n }}`; `{{ $value }}` is the first
    std::vector<std::string> labels;    ///< `{{ $labels.area }}`
};

/// Empty with `fault` filled if a name is unknown, a brace is not closed, or something is asked for that is not built.
std::optional<Template> compile_template(std::string_view text, const TemplateNames& names, Fault& fault);

}  // namespace tocsin::rules
