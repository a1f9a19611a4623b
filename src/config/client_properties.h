#pragma once
/// What may be handed to the Kafka client as it is.

#include <map>
#include <string>
#include <string_view>

#include "config/reading.h"

namespace tocsin::config {

constexpr std::size_t kClientPropertiesMax = 200;

/// Why a property of librdkafka may not be given: tocsin sets it because its exactness rests on it, or it is a secret
/// and belongs into secrets_file. Empty: it may. Names that librdkafka does not know are its own business.
[[nodiscard]] std::string owned_property_reason(std::string_view name);
[[nodiscard]] bool is_secret_property(std::string_view name);

/// The properties of `client_properties`, with those of `secrets_file` over them (where secrets are read at all).
[[nodiscard]] std::map<std::string, std::string> read_client_properties(yaml::MapReader& kafka, const Reading& reading);

}  // namespace tocsin::config
