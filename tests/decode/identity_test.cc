// Who is behind several identifiers: links, their guard against agents, and the event that goes by them.
#include "decode/identity.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "fixtures.h"

namespace tocsin::decode {
namespace {

TEST(PersonLinks, ChainsOfLinksAreOnePersonUnderTheSmallestName) {
    PersonLinks links;
    links.link("phone-2", "card-7");
    links.link("hash-9", "card-7");
    links.link("phone-5", "phone-5");
    links.close(10);
    for (const char* one : {"phone-2", "card-7", "hash-9"}) EXPECT_EQ(links.person_of(one), "card-7");
    EXPECT_EQ(links.person_of("phone-5"), "phone-5");
    EXPECT_EQ(links.person_of("stranger"), "");
    EXPECT_EQ(links.largest_group(), 3u);
}

TEST(PersonLinks, AnAgentWithThousandsOfCardsIsNoPersonOfThousandsOfComplaints) {
    PersonLinks links;
    for (int i = 0; i < 3000; ++i) links.link("agent", "card-" + std::to_string(i));
    links.link("a", "b");
    links.close(20);
    EXPECT_EQ(links.person_of("card-1"), "card-1");
    EXPECT_EQ(links.person_of("agent"), "agent");
    EXPECT_EQ(links.person_of("b"), "a") << "others are not touched";
    EXPECT_EQ(links.refused_groups(), 1u);
    EXPECT_EQ(links.largest_group(), 3001u);
}

// Against a naive closure: names spread along links until nothing changes.
RC_GTEST_PROP(PersonLinks, EqualASpreadOfNamesInWhateverOrder, ()) {
    auto pairs = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 15), rc::gen::inRange(0, 15)));
    std::map<std::string, std::string> name;
    const auto text = [](int i) { return "n" + std::to_string(i); };
    for (const auto& [a, b] : pairs) name[text(a)] = text(a), name[text(b)] = text(b);
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto& [a, b] : pairs) {
            const std::string least = std::min(name[text(a)], name[text(b)]);
            changed = changed || name[text(a)] != least || name[text(b)] != least;
            name[text(a)] = name[text(b)] = least;
        }
    }
    std::map<std::string, std::size_t> members;
    for (const auto& [one, person] : name) ++members[person];
    const auto most = *rc::gen::inRange<std::size_t>(1, 8);
    if (*rc::gen::arbitrary<bool>()) std::reverse(pairs.begin(), pairs.end());
    PersonLinks links;
    for (const auto& [a, b] : pairs) links.link(text(a), text(b));
    links.close(most);
    for (const auto& [one, person] : name) RC_ASSERT(links.person_of(one) == (members[person] > most ? one : person));
}

TEST(Identity, TheFirstLinkedIdentifierSaysWhoItIs) {
    EventSchema schema = EventSchema::builtin();
    auto identity = std::make_shared<Identity>();
    identity->fields = {kFieldCustomer, kFieldSubscriber, *schema.field("case_no")};
    identity->links.link("13-main", "13-second");
    identity->links.link("id-hash", "13-main");
    identity->links.close(10);
    TopicMapping mapping = complaint_mapping();
    mapping.identity = identity;
    Decoder decoder = make_decoder(mapping);
    const auto customer = [&](const std::string& fields) {
        Event event;
        EXPECT_FALSE(decoder.decode(R"({"ts":"2016-01-01T00:00:00Z",)" + fields + "}", kOrigin, event));
        return std::string(event.customer);
    };
    EXPECT_EQ(customer(R"("customer":"13-second")"), "13-main");
    EXPECT_EQ(customer(R"("customer":"other","subscriber":"13-second")"), "13-main");
    EXPECT_EQ(customer(R"("case_no":"id-hash")"), "13-main");
    EXPECT_EQ(customer(R"("customer":"other")"), "other");
    EXPECT_EQ(customer(R"("channel":"app")"), "");
}

}  // namespace
}  // namespace tocsin::decode
