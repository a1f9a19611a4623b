#pragma once
/// What the daemon answers over HTTP, and who may ask what: on an address that other machines reach, only the pages a
/// monitor needs.

#include <atomic>
#include <functional>
#include <string>

#include "http/server.h"
#include "metrics/metrics.h"

namespace tocsin::pipeline {

class Pages {
public:
    struct Sources {
        std::function<std::string()> not_ready;  ///< why; empty: ready
        std::function<std::string()> remarks;    ///< what holds although it is ready; empty: nothing
        /// Loads the rules again and answers what is wrong with them; empty: they are in force.
        std::function<void(std::function<void(const std::string&)>)> reload;
        /// Hands the question to the engine. False: it cannot be asked now.
        std::function<bool(const http::Request&, http::Respond)> api;
        bool enable_lifecycle = false;
    };

    Pages(metrics::Metrics& metrics, Sources sources) : metrics_(metrics), sources_(std::move(sources)) {}

    /// Any thread, without waiting. `exposed`: the address is no loopback one.
    void answer(const http::Request& request, http::Respond respond, bool exposed);
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

private:
    http::Respond counted(const http::Request& request, http::Respond respond);
    void reload(const http::Request& request, const http::Respond& respond);

    metrics::Metrics& metrics_;
    Sources sources_;
    std::atomic<std::size_t> in_flight_{0};
};

}  // namespace tocsin::pipeline
