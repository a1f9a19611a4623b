#pragma once
/// What the exit code of each command means (design 8.3).

namespace tocsin::app {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;  ///< the thing checked failed, or a run-time failure
constexpr int kExitUsage = 2;
constexpr int kExitLintOnly = 3;         ///< findings of lint, nothing worse
constexpr int kExitUnusableConfig = 78;  ///< `run` with a configuration it cannot use: a restart would not help

}  // namespace tocsin::app
