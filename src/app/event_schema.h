#pragma once
/// JSON Schema of a record of a topic.

#include <nlohmann/json.hpp>

#include "decode/mapping.h"
#include "tocsin/schema.h"

namespace tocsin::app {

/// Of what the decoder takes from a record; everything else may stand in it too.
nlohmann::ordered_json event_schema(const EventSchema& schema, const decode::TopicMapping& mapping);

}  // namespace tocsin::app
