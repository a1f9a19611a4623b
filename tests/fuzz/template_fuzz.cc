// Any bytes as an annotation: refused with a place inside the text, or printed within the limit, twice the same, and
// without what may not leave.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "rules/template.h"
#include "tocsin/check.h"

namespace {

using namespace tocsin;

constexpr std::string_view kNumber = "<the number>";
constexpr std::string_view kWords = "<what the customer wrote>";

struct Fixture {
    EventSchema schema = EventSchema::builtin();
    std::vector<Measure> measures = [] {
        std::vector<Measure> made(3);
        made[0].name = "n";
        made[1].name = "spent";
        made[1].fn = MeasureFn::kSum;
        made[2].name = "hot";
        made[2].fn = MeasureFn::kAny;
        return made;
    }();
    std::vector<KindId> kinds = {*schema.kind("complaint"), *schema.kind("suspension")};
    std::vector<FieldValue> fields = {{*schema.field("text"), Value::of_string(kWords)}};
    std::vector<Value> values = {Value::of_int(3), Value::of_number(-2.5), Value::missing()};
    Event event;

    Fixture() {
        event.kind = kinds[0];
        event.time = from_millis(1'477'000'000'123);
        event.id = "e1";
        event.customer = event.subscriber = kNumber;
        event.area = "340100";
        event.channel = "网站, café";
        event.fields = fields;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Fixture fixture;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    rules::TemplateNames names{fixture.schema, fixture.measures, {"area", "level"}, size % 2 == 0, fixture.kinds};
    rules::Fault fault;
    const auto made = compile_template(text, names, fault);
    if (!made) {
        TOCSIN_CHECK(!fault.message.empty(), "what is refused is told why");
        TOCSIN_CHECK(fault.begin <= fault.end && fault.end <= std::max<std::size_t>(size, 1), "and where");
        return 0;
    }
    TemplateContext context{fixture.values, Duration(5'400'000), {{"area", "340100"}}, &fixture.event, {}};
    const std::string shown = made->render(context);
    TOCSIN_CHECK(shown.size() <= Template::kRenderedBytesMax, "what is printed has a limit");
    TOCSIN_CHECK(shown == made->render(context), "the same prints the same");
    const auto leaks = [&](std::string_view what) {
        return shown.find(what) != std::string::npos && text.find(what.substr(0, 4)) == std::string_view::npos;
    };
    TOCSIN_CHECK(!leaks(kNumber) && !leaks(kWords), "the number and the words of a customer stay inside");
    return 0;
}
