#include "rules/text_questions.h"

#include <algorithm>

#include "rules/code.h"
#include "tocsin/text_answers.h"

namespace tocsin::rules {
namespace {

void collect(const Expression& expression, std::vector<TextQuestion>& out) {
    if (expression.empty()) return;
    const Expression::Code& code = *expression.code();
    for (const CodeNode& node : code.nodes) {
        if (node.op != Op::kAnswer) continue;
        out.push_back({expression, node.left, static_cast<std::uint64_t>(code.constants[node.right].integer)});
    }
}

}  // namespace

std::vector<TextQuestion> text_questions(const Rule& rule) {
    std::vector<TextQuestion> found;
    collect(rule.where, found);
    for (const Measure& measure : rule.measures) collect(measure.predicate, found);
    if (rule.expect) {
        collect(rule.expect->after_where, found);
        collect(rule.expect->event_where, found);
        collect(rule.expect->cancel_where, found);
    }
    return found;
}

void TextQuestions::use(const RuleSet& rules) {
    questions_.clear();
    for (const Rule& rule : rules.rules) {
        for (TextQuestion& question : text_questions(rule)) {
            const bool known = std::any_of(questions_.begin(), questions_.end(),
                                           [&](const TextQuestion& q) { return q.hash == question.hash; });
            if (!known) questions_.push_back(std::move(question));
        }
    }
}

const Event& TextQuestions::answered(const Event& event) {
    answers_.clear();
    EvalContext context;
    context.event = &event;
    for (const TextQuestion& question : questions_) {
        const Expression::Code& code = *question.expression.code();
        const bool holds = code.test(question.node, context);
        if (holds != holds_of_nothing(code.nodes[question.node].op)) put_answer(answers_, question.hash);
    }
    if (answers_.empty()) return event;
    fields_.assign(event.fields.begin(), event.fields.end());
    fields_.push_back({kFieldAnswers, Value::of_string(answers_)});
    event_ = event;
    event_.fields = fields_;
    return event_;
}

}  // namespace tocsin::rules
