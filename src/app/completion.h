#pragma once
/// Completion scripts, written from the command line itself: they know what it knows.

#include <CLI/CLI.hpp>
#include <string>

namespace tocsin::app {

/// `shell`: bash, zsh or fish.
std::string completion_script(const CLI::App& root, const std::string& shell);

}  // namespace tocsin::app
