#include "base/zone.h"

#include <date/tz.h>

namespace tocsin {

Result<Zone> Zone::make(const std::string& name) {
    Zone zone;
    zone.name_ = name;
    if (name == "UTC") return zone;
    try {
        zone.zone_ = date::locate_zone(name);
    } catch (const std::exception&) {
        return reject("unknown time zone \"" + name + "\"; use an IANA name such as Asia/Shanghai");
    }
    return zone;
}

LocalTime Zone::local(Instant instant) const {
    if (zone_ == nullptr) return LocalTime(instant.time_since_epoch());
    const auto info = static_cast<const date::time_zone*>(zone_)->get_info(instant);
    return LocalTime(instant.time_since_epoch() + info.offset);
}

Instant Zone::reached(LocalTime local) const {
    const Instant as_utc(local.time_since_epoch());
    if (zone_ == nullptr) return as_utc;
    const date::local_time<Duration> shown(local.time_since_epoch());
    const date::local_info info = static_cast<const date::time_zone*>(zone_)->get_info(shown);
    if (info.result == date::local_info::nonexistent) return info.second.begin;
    return as_utc - info.first.offset;
}

}  // namespace tocsin
