#include "intake/head_merge.h"

#include <algorithm>

#include "tocsin/check.h"

namespace tocsin::intake {

InputId HeadMerge::add(std::uint32_t rank, std::int32_t partition, Instant wall) {
    const auto gone =
        std::find_if(inputs_.begin(), inputs_.end(), [](const Input& input) { return input.state == State::kGone; });
    const auto id = static_cast<InputId>(gone - inputs_.begin());
    if (gone == inputs_.end()) inputs_.emplace_back();
    inputs_[id] = Input{rank, partition, State::kCaughtUp, kNever};
    change(id, State::kAwaited, wall);
    return id;
}

void HeadMerge::remove(InputId input) {
    change(input, State::kGone, kNever);
}

void HeadMerge::head_is(InputId input, Instant time, Instant wall) {
    const bool fresh = freshness_ == Freshness::kByWallClock && time > wall - kFreshAge;
    change(input, fresh ? State::kPassing : State::kBacklog, time);
}

void HeadMerge::head_is_unreadable(InputId input) {
    change(input, State::kPassing, kBeforeAll);
}

void HeadMerge::head_is_awaited(InputId input, Instant wall) {
    if (inputs_[input].state != State::kAwaited) change(input, State::kAwaited, wall);
}

void HeadMerge::head_is_caught_up(InputId input) {
    change(input, State::kCaughtUp, kNever);
}

HeadMerge::Choice HeadMerge::next(Instant wall) {
    const std::optional<Instant> until = waiting_until(wall);
    const bool backlog_ready = !backlog_.empty() && !until;
    if (!passing_.empty() && !(backlog_turn_ && backlog_ready)) {
        backlog_turn_ = true;
        return take(passing_);
    }
    backlog_turn_ = false;
    if (backlog_ready) return take(backlog_);
    if (!backlog_.empty()) return {Step::kWait, 0, *until};
    return {};
}

std::optional<Instant> HeadMerge::waiting_until(Instant wall) const {
    // The latest to be waited for decides; those whose time is up come first and hold up nobody.
    if (awaited_.empty()) return std::nullopt;
    const Instant until = awaited_.rbegin()->at + kWaitMax;
    return until > wall ? std::optional<Instant>(until) : std::nullopt;
}

std::set<HeadMerge::Turn>* HeadMerge::queue_of(State state) {
    switch (state) {
        case State::kBacklog:
            return &backlog_;
        case State::kPassing:
            return &passing_;
        case State::kAwaited:
            return &awaited_;
        case State::kGone:
        case State::kCaughtUp:
            break;
    }
    return nullptr;
}

void HeadMerge::change(InputId id, State state, Instant at) {
    TOCSIN_CHECK(id < inputs_.size() && inputs_[id].state != State::kGone, "the input was added and not removed");
    Input& input = inputs_[id];
    if (auto* queue = queue_of(input.state)) queue->erase({input.at, input.rank, input.partition, id});
    input.state = state;
    input.at = at;
    if (auto* queue = queue_of(state)) queue->insert({input.at, input.rank, input.partition, id});
}

}  // namespace tocsin::intake
