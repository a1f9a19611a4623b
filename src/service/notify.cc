#include "service/notify.h"

#include <systemd/sd-daemon.h>

namespace tocsin::service {
namespace {
void tell(const std::string& text) {
    sd_notify(0, text.c_str());
}
}  // namespace

void ready(const std::string& status) {
    tell("READY=1\nSTATUS=" + status);
}
void status(const std::string& status) {
    tell("STATUS=" + status);
}
void reloading() {
    tell("RELOADING=1");
}
void stopping() {
    tell("STOPPING=1");
}
void alive() {
    tell("WATCHDOG=1");
}

std::optional<Duration> watchdog_interval() {
    uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::microseconds(microseconds));
}

}  // namespace tocsin::service
