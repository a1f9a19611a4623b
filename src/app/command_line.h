#pragma once
/// The command line (design 8.3): each command parses its own flags and does its own thing.

namespace tocsin::app {

/// Runs the command and answers its exit code. stdout is data, stderr is talk.
int run(int argc, char** argv);

}  // namespace tocsin::app
