#include <algorithm>

#include "config/reading.h"
#include "yaml/csv.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kIdentifiersMax = 10;
constexpr std::int64_t kMembersMax = 1000;
constexpr std::size_t kMembersByDefault = 20;
const yaml::CsvColumns kColumns{{"identifier", "person"}, {}};

std::vector<FieldId> read_identifiers(yaml::MapReader& map, const EventSchema& schema, yaml::Diagnostics& diagnostics) {
    const auto node = map.get("identifiers");
    if (!node) return {kFieldCustomer, kFieldSubscriber};
    std::vector<FieldId> fields;
    for (const yaml::Node& name :
         yaml::as_scalars(*node, "identifiers", diagnostics).value_or(std::vector<yaml::Node>{})) {
        const auto field = schema.field(name.text());
        const bool is_canonical = field && *field < kFirstDeclared;
        const bool usable = field && schema.field_type(*field) == FieldType::kString &&
                            (!is_canonical || *field == kFieldCustomer || *field == kFieldSubscriber);
        if (usable)
            fields.push_back(*field);
        else
            diagnostics.error(name.position(),
                              "identifiers: expected customer, subscriber or a declared string field, found " +
                                  yaml::quote(name.text()));
    }
    if (fields.size() > kIdentifiersMax)
        diagnostics.error(node->position(), "identifiers: more than " + std::to_string(kIdentifiersMax));
    return fields;
}

void read_links(const std::string& path, yaml::Diagnostics& diagnostics, decode::PersonLinks& links) {
    const auto table = yaml::read_csv(path, kColumns, diagnostics);
    if (!table) return;
    for (const yaml::CsvRow& row : table->rows) {
        const auto empty = std::find(row.fields.begin(), row.fields.end(), "");
        if (empty == row.fields.end())
            links.link(row.fields[0], row.fields[1]);
        else
            diagnostics.error(table->position(row, static_cast<std::size_t>(empty - row.fields.begin())),
                              "an identifier is empty");
    }
}

}  // namespace

void read_identity(const yaml::Node& node, const Reading& reading, Config& config) {
    yaml::MapReader map(node, "identity", reading.diagnostics);
    if (!node.is_map()) return;
    auto identity = std::make_shared<decode::Identity>();
    identity->fields = read_identifiers(map, config.schema, reading.diagnostics);
    const auto members = bounded_int(map, "members_max", 2, kMembersMax);
    map.not_supported("links_topic");
    if (const auto path = map.require_string("links_file"))
        read_links(reading.beside(*path), reading.diagnostics, identity->links);
    map.finish();
    if (config.kafka.intake == Intake::kDirect)
        reading.diagnostics.error(node.position(),
                                  "identity: needs intake: rekey; a direct topic is keyed by whom its records name");
    identity->links.close(members ? static_cast<std::size_t>(*members) : kMembersByDefault);
    config.identity = {identity->links.identifiers(), identity->links.refused_groups(),
                       identity->links.largest_group()};
    for (Topic& topic : config.kafka.topics) topic.mapping.identity = identity;
}

}  // namespace tocsin::config
