#pragma once
/// What commands ask others over HTTP: the running daemon, and Alertmanager.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "receivers/http_client.h"

namespace tocsin::app {

/// The answer to one GET; it waits for it.
receivers::HttpResponse http_get(const std::string& url);
/// `data` of what the running daemon answers. Empty: it could not be asked, or said no; that is printed.
std::optional<nlohmann::ordered_json> ask(const std::string& url, const std::string& path);
/// A member of an answer. Empty: it has none of that name and type; others' answers are not relied on.
std::string text_of(const nlohmann::ordered_json& object, const char* name);
nlohmann::ordered_json list_of(const nlohmann::ordered_json& object, const char* name);
/// What somebody typed, as a part of a URL.
std::string escaped(std::string_view text);

}  // namespace tocsin::app
