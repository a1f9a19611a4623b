#pragma once
/// Rules of a test from the text of their file.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "rules/loader.h"
#include "tocsin/rule_set.h"
#include "yaml/diagnostics.h"

namespace tocsin::task {

/// `sources`: what the file refers to, calendars and phases for example; other files there are none. A text that is
/// refused fails the test, with what the loader said; the answer is empty then.
inline std::shared_ptr<const RuleSet> rules_of(const EventSchema& schema, const std::string& text,
                                               rules::RuleSources sources = {}, const rules::RuleLimits& limits = {}) {
    yaml::Diagnostics diagnostics;
    sources.files = {{"r.yml", text}};
    sources.read = [](const std::string& path) -> Result<std::string> { return reject("no file " + path); };
    auto set = rules::load_rules(sources, schema, limits, diagnostics);
    EXPECT_TRUE(set.ok()) << diagnostics.text();
    return std::make_shared<const RuleSet>(set.ok() ? std::move(*set) : RuleSet{});
}

}  // namespace tocsin::task
