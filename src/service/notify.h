#pragma once
/// What systemd is told, if it asked: ready, reloading, stopping, alive. Without NOTIFY_SOCKET every call does nothing.
/// The only user of libsystemd.

#include <optional>
#include <string>

#include "tocsin/time.h"

namespace tocsin::service {

void ready(const std::string& status);
void status(const std::string& status);
void reloading();
void stopping();
/// I am alive: to be said at least every half watchdog interval, by the thread whose progress counts.
void alive();
/// How often systemd wants to hear alive(); empty: it does not watch.
std::optional<Duration> watchdog_interval();

}  // namespace tocsin::service
