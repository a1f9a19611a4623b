#pragma once
/// Files inside the binary (cmake/Embed.cmake): what the demonstration needs.

#include <string_view>

namespace tocsin::app {

/// The file's bytes, by its name without folders; empty: no such file.
std::string_view embedded(std::string_view name);

}  // namespace tocsin::app
