#pragma once
/// What the engine counts for the metrics: plain numbers, written by the engine thread, published once per commit.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "task/task.h"
#include "tocsin/event.h"
#include "tocsin/transition.h"

namespace tocsin::pipeline {

/// Receives each fact of the counting road. The daemon's writes metrics; tests add up.
class Tally {
public:
    virtual ~Tally() = default;
    virtual void consumed(std::uint32_t lane, std::size_t records) = 0;
    virtual void applied(const Event& event, const task::Applied& applied) = 0;
    virtual void set_aside(std::string_view topic, std::string_view code) = 0;
    virtual void repeated() = 0;  ///< the origin check left a record out
    virtual void made(const Transition& transition) = 0;
    virtual void timer(Duration late) = 0;  ///< something due was judged that long after its instant
    virtual void committed(std::uint32_t lane, std::size_t bytes) = 0;
};

}  // namespace tocsin::pipeline
