#pragma once
/// What rules ask of fields of type text: asked when the event comes, and never again (text_answers.h).

#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/event.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

constexpr std::size_t kTextQuestionsMax = 64;  ///< of a rule set: each event with a text is searched for all of them
/// Of a pattern that texts are searched for (steps_of()). Measured with 64 KB of text on one processor: what needs up to
/// 2,000 took less than a millisecond, 2,260 took 0.3 s, 3,614 took 0.5 s.
constexpr std::size_t kTextPatternStepsMax = 2000;

struct TextQuestion {
    Expression expression;   ///< which holds the comparison…
    std::uint32_t node = 0;  ///< …and where in it
    std::uint64_t hash = 0;  ///< the same for the same question, in whatever rule it stands
};

/// The questions of one rule, each as often as it stands there.
std::vector<TextQuestion> text_questions(const Rule& rule);

/// Asks an event what all rules of a set want to know. Belongs to one task.
class TextQuestions {
public:
    void use(const RuleSet& rules);
    /// The event with the answers, valid until the next call and no longer than the event; or the event itself, if
    /// there is nothing to say of it.
    const Event& answered(const Event& event);

private:
    std::vector<TextQuestion> questions_;  // each once
    std::string answers_;
    std::vector<FieldValue> fields_;
    Event event_;
};

}  // namespace tocsin::rules
