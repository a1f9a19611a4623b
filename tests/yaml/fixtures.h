#pragma once
/// What the tests of this module share.

#include <string>

#include "yaml/node.h"

namespace tocsin::yaml {

/// What parsing says about a text named `f.yml`, without source lines; empty if it is accepted.
inline std::string complaints(const std::string& text) {
    Diagnostics diagnostics;
    const auto root = parse("f.yml", text, diagnostics);
    return root.has_value() == diagnostics.has_errors() ? "an answer and an error exclude each other\n"
                                                        : diagnostics.summary();
}

/// The root of a text that must be accepted.
inline Node parsed(const std::string& text) {
    Diagnostics diagnostics;
    return parse("f.yml", text, diagnostics).value();
}

}  // namespace tocsin::yaml
