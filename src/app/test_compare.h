#pragma once
/// What was expected beside what came, as a reader of a failed test sees it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/test_file.h"

namespace tocsin::app {

enum class Part : std::uint8_t { kWhen, kLabel, kMeasure, kAnnotation };

/// One thing said about an alert or a transition.
struct Fact {
    Part part = Part::kLabel;
    std::string name, text;
};
using Facts = std::vector<Fact>;

/// `2d (2026-01-07T00:00:00Z)`.
std::string moment_text(Instant at, Instant start);

Facts facts_of(const Wanted& wanted);
Facts facts_of(const WantedTransition& wanted, Instant start);
/// Labels (people in plain), measures and annotations of the transition.
Facts facts_of_alert(const Transition& transition);
Facts facts_of_transition(const Transition& transition, Instant start);

/// Each of `wanted` must fit one of `got`, and every one of `got` must be wanted; whichever way they fit. Empty: so it
/// is. Else the differences, indented, for people.
std::string differences(const std::vector<Facts>& wanted, const std::vector<Facts>& got);

/// Two texts line by line: what differs, with its line numbers. Empty: they are the same.
std::string differing_lines(const std::string& wanted, const std::string& got);

}  // namespace tocsin::app
