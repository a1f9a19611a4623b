#pragma once
/// Text to typed, compiled expressions (design 7). Every mistake an author can make ends here as a Fault.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/fault.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

constexpr std::size_t kMeasuresMax = 32;  ///< of a rule, with those written inside levels

/// What the configuration says about the state (`storage`): rules that ask for more are refused.
struct RuleLimits {
    Duration retention = std::chrono::days(400);
    std::size_t max_events = 256;  ///< remembered events of one customer
};

/// Where an expression stands, and so what its names mean.
struct Scope {
    const EventSchema& schema;
    std::vector<KindId> kinds;    ///< whose fields may be named
    bool person = true;           ///< customer or subscriber in `by`; else cells
    bool has_thresholds = false;  ///< `threshold.colour` has a table behind it
    Duration within{};            ///< the rule's window
    RuleLimits limits{};
    std::shared_ptr<const CalendarWindow> calendar{};  ///< the rule's window is one of these, not longer than `within`
};

/// `where`, `after … where`, predicates of functions: true or false of one event.
std::optional<Expression> compile_predicate(std::string_view text, const Scope& scope, Fault& fault);

/// One function, for example `sum(amount)`, with `over 30d` if its window is not the rule's.
std::optional<Measure> compile_measure(std::string name, std::string_view text, const Scope& scope, Fault& fault);

/// A level over measures. Functions written inside it become measures without a name, appended to `measures`; equal
/// ones are shared.
std::optional<Expression> compile_level(std::string_view text, const Scope& scope, std::vector<Measure>& measures,
                                        Fault& fault);

/// A level of an expect rule, over `overdue`.
std::optional<Expression> compile_promise_level(std::string_view text, const Scope& scope, Fault& fault);

/// A predicate that asks only about events of one kind; empty: every event of the kind.
struct KindPredicate {
    KindId kind = 0;
    Expression predicate;
};

/// One predicate that holds for an event if a choice of the event's kind does. Empty if every event of these kinds
/// fits.
Expression any_of(const std::vector<KindPredicate>& choices);

/// Why a window cannot be kept: beyond the retention, or no multiple of the bucket that cells of its length have.
/// Empty: it can.
std::string window_problem(Duration window, const Scope& scope);

/// `string`, `int`, `number`, `bool`, `time`, `duration`.
std::string_view type_name(Value::Type type);

}  // namespace tocsin::rules
