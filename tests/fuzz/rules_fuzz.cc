// Any bytes as a rule file, and as an expression: accepted, or refused with a place; what is accepted can be judged.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rules/judge.h"
#include "rules/loader.h"
#include "tocsin/check.h"

namespace {

using namespace tocsin;

struct Fixture {
    EventSchema schema = EventSchema::builtin();
    std::vector<FieldValue> fields = {{*schema.field("escalated_to_regulator"), Value::of(true)},
                                      {*schema.field("hall"), Value::of_string("h1")}};
    std::vector<Event> events;

    Fixture() {
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        for (int i = 0; i < 5; ++i) {
            Event event;
            event.kind = *schema.kind(i < 4 ? "complaint" : "registration");
            event.time = from_millis(1'477'000'000'000 + i * 1'800'000LL);
            event.id = "e";
            event.customer = event.subscriber = "c";
            event.area = i % 2 == 0 ? "340100" : "";
            event.category = "network";
            if (i % 2 == 0) event.fields = fields;
            events.push_back(event);
        }
    }
};

void judge(const Rule& rule, const std::vector<Event>& events) {
    EvalContext context;
    for (const Event& event : events) {
        context.event = &event;
        TOCSIN_CHECK(rule.where.holds(context) == rule.where.holds(context), "the same says the same");
    }
    std::vector<Value> measures;
    const Instant now = events.back().time;
    Thresholds thresholds;
    context = {};
    if (rule.expect) {
        context.overdue = std::chrono::hours(1);
    } else if (rule.person) {
        rules::measure(rule, events, now, measures);
        TOCSIN_CHECK(rules::next_change(rule, events, now) > now, "the answer changes later, not now");
    } else {
        measures.assign(rule.measures.size(), Value::of_int(3));
    }
    context.measures = measures;
    context.thresholds = &thresholds;
    rules::verdict(rule, context);
    for (const auto& [name, text] : rule.annotations) {
        const std::string shown = text.render({measures, {}, {}, &events.front(), {}});
        TOCSIN_CHECK(shown.size() <= Template::kRenderedBytesMax, "what is printed has a limit");
    }
}

void load(std::string_view text, const Fixture& fixture) {
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", std::string(text)}};
    sources.read = [](const std::string&) -> Result<std::string> { return std::string("area,red\n*,3\n"); };
    const auto set = rules::load_rules(sources, fixture.schema, {}, diagnostics);
    TOCSIN_CHECK(set.ok() != diagnostics.has_errors(), "a file is refused exactly if something is wrong with it");
    for (const auto& diagnostic : diagnostics.sorted())
        TOCSIN_CHECK(diagnostic.position.line > 0 && diagnostic.position.col > 0, "every mistake has a place");
    if (!set.ok()) return;
    for (const Rule& rule : set->rules) judge(rule, fixture.events);
}

void check_place(const rules::Fault& fault, std::string_view text) {
    TOCSIN_CHECK(!fault.message.empty(), "what is refused is told why");
    TOCSIN_CHECK(fault.begin <= fault.end && fault.begin <= text.size(), "and where");
}

void compile(std::string_view text, const Fixture& fixture, bool person) {
    rules::Scope scope{fixture.schema, {*fixture.schema.kind("complaint"), *fixture.schema.kind("registration")}};
    scope.person = person;
    scope.has_thresholds = true;
    scope.within = std::chrono::hours(1);
    EvalContext context;
    rules::Fault fault;
    if (const auto made = rules::compile_predicate(text, scope, fault)) {
        for (const Event& event : fixture.events) {
            context.event = &event;
            TOCSIN_CHECK(made->holds(context) == made->holds(context), "the same says the same");
        }
    } else {
        check_place(fault, text);
    }
    std::vector<Measure> measures(1);
    measures[0].name = "n";
    measures[0].window = scope.within;
    if (const auto made = rules::compile_level(text, scope, measures, fault)) {
        const std::vector<Value> values(measures.size(), Value::of_int(3));
        context = {};
        context.measures = values;
        TOCSIN_CHECK(made->holds(context) == made->holds(context), "the same says the same");
    } else {
        check_place(fault, text);
    }
    if (!rules::compile_measure("m", text, scope, fault)) check_place(fault, text);
    if (!rules::compile_promise_level(text, scope, fault)) check_place(fault, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Fixture fixture;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    load(text, fixture);
    compile(text, fixture, true);
    compile(text, fixture, false);
    return 0;
}
