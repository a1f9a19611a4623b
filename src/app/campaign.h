#pragma once
/// An invented real-name campaign in an invented province of 11 cities: reminders are over, accounts are being
/// suspended county by county, people register and wait to be switched on again, and one county is heading for trouble.
/// Every number begins with 100, which no operator gives out.

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::app {

struct DemoRecord {
    std::string key;    ///< the customer
    std::string value;  ///< JSON
};

/// In event-time order; the same for the same seed.
std::vector<DemoRecord> campaign(std::uint64_t seed);
/// The areas file that goes with it.
std::string campaign_areas();

}  // namespace tocsin::app
