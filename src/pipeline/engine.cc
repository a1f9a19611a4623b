#include "pipeline/engine.h"

#include <algorithm>
#include <chrono>

#include "intake/head_merge.h"

namespace tocsin::pipeline {
namespace {

constexpr std::size_t kRecordsPerStep = 2'000;
const TopicTimes kDefaultTimes;

std::size_t events_in(std::span<const LogRecord> records) {
    const auto is_event = [](const LogRecord& record) { return record.mark.empty(); };
    return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), is_event));
}

}  // namespace

Engine::Engine(Parts parts, std::vector<Lane> lanes, EngineOptions options)
    : parts_(parts), lanes_(std::move(lanes)), options_(std::move(options)) {
    std::vector<std::string> topics;
    for (const auto& [topic, times] : options_.topics) {
        topics.push_back(topic);
        delay_max_ = std::max(delay_max_, times.delay);
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) inputs_.emplace_back(topics, kBeforeAll);
}

void Engine::adopt(const std::shared_ptr<const RuleSet>& rules) {
    rules_ = rules;
    parts_.tasks.adopt(rules);
    told_silent_ = false;
    dirty_ = true;
    sweep_ended_ = false;
    tell_warming();
}

// A bounded stretch of it between records. That it has ended is told when everything it found may leave.
void Engine::sweep() {
    if (!parts_.tasks.warming()) return;
    dirty_ = true;
    const auto until = std::chrono::steady_clock::now() + kSweepFor;
    while (parts_.tasks.sweep(kSweepSlice)) {
        if (std::chrono::steady_clock::now() >= until) return;
    }
    sweep_ended_ = true;
}

void Engine::tell_warming() {
    std::vector<std::string> names;
    for (const Rule& rule : rules_->rules) {
        if (parts_.tasks.warming_rules()[rule.order]) names.push_back(rule.name);
    }
    parts_.outlet.warming(std::move(names));
}

void Engine::begin(std::uint32_t task, std::int64_t offset) {
    Lane& lane = lanes_[task];
    if (!lane.placed || offset > lane.position.next) {
        lane.position.next = offset;
        dirty_ = true;
    }
    lane.placed = true;
}

// The first unread record that is an event, decoded; marks, repeats and dead letters before it are taken on the way.
bool Engine::refill(Lane& lane, Instant now) {
    for (;;) {
        if (lane.head) return true;
        if (lane.unread.empty()) {
            take_fingerprint(lane);  // the next fetch gives the memory of this one back
            lane.unread = parts_.log.fetch(lane.index);
            if (lane.unread.empty()) return false;
            parts_.tally.consumed(lane.index, events_in(lane.unread));
            if (lane.verify && !check_continuity(lane)) return false;
            if (lane.unread.empty()) continue;
        }
        if (!take_head(lane, now)) pop(lane);
    }
}

// False: the record is no event to apply; it has been dealt with.
bool Engine::take_head(Lane& lane, Instant now) {
    const LogRecord& record = lane.unread.front();
    if (!record.mark.empty()) {
        if (const auto marks = intake::parse_marks(record.mark)) {
            inputs_[lane.index].mark(marks->inputs, now);
            lane.taken_to = std::max(lane.taken_to, marks->taken_to);
            if (marks->idle) lane.idle_at = std::max(lane.idle_at, record.timestamp);
        }
        return false;
    }
    decode::OriginRef ref{lane.topic, static_cast<std::int32_t>(lane.index), record.offset};
    if (options_.rekeyed) {
        const auto origin = intake::parse_origin(record.origin);
        if (!origin) {
            set_aside(lane, {"origin_missing", "a record of the internal log without a readable origin header", "log"});
            return false;
        }
        inputs_[lane.index].record(origin->topic, origin->partition, now);
        lane.origin = *origin;
        ref = {origin->topic, origin->partition, origin->offset};
    }
    Event event;
    const auto headers =
        lane.decoder->needs_headers() ? parts_.log.headers(lane.index, record.offset) : decode::RecordHeaders{};
    if (auto reject = lane.decoder->decode(record.value, headers, ref, event)) {
        set_aside(lane, {std::string(decode::reject_code_name(reject->code)), reject->message, "decode"});
        return false;
    }
    if (!options_.event_clock && event.time > now + kFutureMax) {
        set_aside(lane,
                  {"time_in_future", "the event time is more than 5 min ahead of the clock of this machine", "decode"});
        return false;
    }
    lane.head = event;
    lane.task->foresee(event);
    return true;
}

void Engine::pop(Lane& lane) {
    const LogRecord& record = lane.unread.front();
    lane.position.next = record.offset + 1;
    lane.position.last = record.offset;
    lane.last_taken = &record;
    lane.moved = dirty_ = true;
    lane.unread = lane.unread.subspan(1);
    lane.head.reset();
    ++records_since_commit_;
}

void Engine::take_fingerprint(Lane& lane) {
    if (lane.last_taken == nullptr) return;
    lane.position.fingerprint = fingerprint_of(*lane.last_taken);
    lane.last_taken = nullptr;
}

// Reading begins with the last record applied: if it is another one now, the topic is not what it was.
bool Engine::check_continuity(Lane& lane) {
    lane.verify = false;
    const LogRecord& first = lane.unread.front();
    if (first.offset != lane.position.last) return true;  // the broker has deleted it since: nothing to compare
    if (fingerprint_of(first) != lane.position.fingerprint) {
        trouble_ = fatal(
            "partition " + std::to_string(lane.index) + " of " + lane.topic + ": the record at offset " +
            std::to_string(first.offset) +
            " is not the one that was applied; the topic was re-created or cut. "
            "If that was meant, move the state directory away and start again, or run `tocsin state rebuild --task=" +
            std::to_string(lane.index) + "`");
        return false;
    }
    lane.unread = lane.unread.subspan(1);
    return true;
}

void Engine::set_aside(Lane& lane, const SetAside& reason) {
    parts_.tally.set_aside(lane.topic, reason.code);
    const LogRecord& record = lane.unread.front();
    parts_.outlet.add(lane, DeadRecord{record, lane.topic, static_cast<std::int32_t>(lane.index), reason,
                                       parts_.log.headers(lane.index, record.offset)});
    dirty_ = true;
}

// The lane whose event is next in event time. A lane that may still get an earlier one holds up the others.
Lane* Engine::choose(Instant now, bool& waiting) {
    Lane* first = nullptr;
    for (Lane& lane : lanes_) {
        if (!refill(lane, now)) continue;
        lane.waited_since = kNever;
        if (first == nullptr || lane.head->time < first->head->time) first = &lane;
    }
    waiting = false;
    for (Lane& lane : lanes_) {
        if (lane.head) continue;
        const LogEnd end = parts_.log.end(lane.index, lane.position.next);
        const bool waits = !end.at_end || (first != nullptr && !end.closed && !nothing_earlier(lane, *first, now));
        if (!waits)
            lane.waited_since = kNever;
        else
            waiting = holds_up(lane, now) || waiting;
    }
    return waiting ? nullptr : first;
}

bool Engine::holds_up(Lane& lane, Instant now) {
    if (lane.waited_since == kNever) lane.waited_since = now;
    return now - lane.waited_since < kHoldUpMax;
}

// Whether no event before the other lane's head can follow in this one, which has been read to its end: the intake,
// which sends a backlog in event-time order, may have it before it still.
bool Engine::nothing_earlier(const Lane& lane, const Lane& other, Instant now) const {
    if (!options_.rekeyed) return true;
    const bool fresh = !options_.event_clock && other.head->time > now - intake::HeadMerge::kFreshAge;
    return fresh || lane.taken_to >= other.head->time || lane.idle_at > other.unread.front().timestamp;
}

const TopicTimes& Engine::times_of(const Lane& lane) const {
    const auto it = options_.topics.find(options_.rekeyed ? lane.origin.topic : std::string_view(lane.topic));
    return it == options_.topics.end() ? kDefaultTimes : it->second;
}

void Engine::apply_head(Lane& lane) {
    const Event& event = *lane.head;
    // The record may have been counted in an earlier life of the intake; only now is it certain to be applied.
    if (options_.rekeyed && !options_.faults.origin_check_off &&
        lane.origins.admit(lane.origin) != intake::OriginFilter::Verdict::kNew) {
        parts_.tally.repeated();
        pop(lane);
        return;
    }
    for (const Lane& other : lanes_) {
        if (other.head && &other != &lane) other.task->approach();
    }
    lane.task->advance(event.time - times_of(lane).disorder);
    const task::Applied applied = parts_.tasks.apply(lane.index, event);
    parts_.tally.applied(event, applied);
    // Behind the intake the partition is a function of the customer; in a direct topic producers may disagree.
    if (applied.new_customer && !options_.rekeyed && parts_.tasks.known_elsewhere(lane.index, event))
        ++in_two_partitions_;
    if (applied.outcome == task::Outcome::kTooLate) {
        set_aside(lane, {"too_late", "the event is older than storage.retention", "apply"});
    }
    pop(lane);
}

std::optional<Instant> Engine::caught_up_to(Lane& lane, Instant now) {
    auto upto = options_.rekeyed ? inputs_[lane.index].caught_up_to()
                                 : parts_.log.end(lane.index, lane.position.next).caught_up_to;
    if (!upto || now - *upto > kBehindAfter) return std::nullopt;
    return upto;
}

void Engine::move_clocks(Instant now) {
    if (options_.event_clock) return;
    bool all = true;
    for (Lane& lane : lanes_) {
        const auto upto = lane.unread.empty() ? caught_up_to(lane, now) : std::nullopt;
        if (!upto) {
            all = false;
            continue;
        }
        if (!lane.caught_up_once) {
            lane.caught_up_once = dirty_ = true;
            lane.batch.put(kCaughtUpKey, "");
        }
        if (const Instant due = lane.task->next_due(); due < *upto - delay_max_) {
            dirty_ = true;
            parts_.tally.timer(now - due);
        }
        lane.task->advance(*upto - delay_max_);
    }
    caught_up_ = caught_up_ || all;
}

// With the event clock nothing but a standstill says that no earlier event can follow.
void Engine::stand_still(Instant now) {
    if (!options_.event_clock || still_ || warming()) return;
    if (still_since_ == kNever) still_since_ = now;
    const bool all_fresh = std::all_of(lanes_.begin(), lanes_.end(), [&](Lane& lane) {
        const LogEnd end = parts_.log.end(lane.index, lane.position.next);
        const auto upto = options_.rekeyed ? inputs_[lane.index].caught_up_to() : end.caught_up_to;
        return end.at_end && upto && *upto >= still_since_ + kStandstill;
    });
    if (!all_fresh) return;
    still_ = caught_up_ = true;
    if (parts_.tasks.highest() != kBeforeAll) {
        parts_.tasks.finish(parts_.tasks.highest());
        dirty_ = true;
    }
}

void Engine::watch_silent_inputs(Instant now) {
    if (!options_.rekeyed || options_.event_clock || rules_ == nullptr) return;
    std::vector<std::string> silent;
    for (const auto& inputs : inputs_) {
        for (const std::string& topic : inputs.silent(now)) silent.push_back(topic);
    }
    std::sort(silent.begin(), silent.end());
    silent.erase(std::unique(silent.begin(), silent.end()), silent.end());
    if (silent == silent_ && told_silent_) return;
    silent_ = silent;
    told_silent_ = true;
    std::vector<bool> held(rules_->rules.size(), false);
    for (const std::string& rule : unverified()) held[rules_->find(rule)->order] = true;
    for (Lane& lane : lanes_) lane.task->hold(held);
    dirty_ = true;
}

std::vector<std::string> Engine::unverified() const {
    std::vector<std::string> names;
    for (const auto& [rule, topics] : options_.waits_on) {
        const bool waits = std::any_of(topics.begin(), topics.end(), [&](const std::string& topic) {
            return std::binary_search(silent_.begin(), silent_.end(), topic);
        });
        if (waits && rules_->find(rule) != nullptr) names.push_back(rule);
    }
    return names;
}

Result<bool> Engine::step(Instant now) {
    if (last_sync_ == kBeforeAll) is_on_disk(now);  // what was loaded
    if (commit_failed_) {
        auto done = commit(now);
        if (!done) return std::move(done).error();
    }
    watch_silent_inputs(now);  // before records: one of them may be what a promise breaks before
    bool worked = false;
    std::size_t taken = 0;
    for (; taken < kRecordsPerStep; ++taken) {
        bool waiting = false;
        Lane* lane = choose(now, waiting);
        if (lane == nullptr) break;
        apply_head(*lane);
        worked = true;
        still_ = false;
        still_since_ = kNever;
    }
    if (trouble_) return *trouble_;
    if (!worked) stand_still(now);
    move_clocks(now);
    sweep();
    const bool due = now - last_commit_ >= (taken == kRecordsPerStep ? options_.backlog_commit_interval : kCommitEvery);
    if (records_since_commit_ >= kCommitRecordsMax || due) {
        auto committed = commit(now);
        if (!committed) return std::move(committed).error();
    }
    return worked;
}

Result<void> Engine::commit_lane(Lane& lane) {
    for (const Transition& t : lane.task->take_transitions()) {
        parts_.tally.made(t);
        parts_.outlet.add(lane, t, t.swept || (!options_.event_clock && !lane.caught_up_once));
        lane.has_rows = true;
    }
    lane.has_rows = parts_.outlet.remove_delivered(lane) || lane.has_rows;
    lane.task->tidy(64);
    take_fingerprint(lane);
    lane.task->write(lane.batch);
    lane.origins.write(lane.batch);
    auto done = store_batch(lane);
    if (!done) return done;
    parts_.tally.committed(lane.index, lane.batch.bytes());
    lane.batch.clear();
    lane.moved = false;
    rows_pending_ = rows_pending_ || lane.has_rows;
    lane.has_rows = false;
    return {};
}

// The changes and the position they lead to, in one. With the fault the position goes one commit ahead of them.
Result<void> Engine::store_batch(Lane& lane) {
    if (options_.faults.offset_outside_batch) {
        WriteBatch early;
        early.put(kPositionKey, encode_position(lane.position));
        auto done = lane.store->commit(early);
        if (!done) return done;
        std::swap(lane.batch, lane.late);
    } else {
        lane.batch.put(kPositionKey, encode_position(lane.position));
    }
    return lane.store->commit(lane.batch);
}

Result<void> Engine::commit(Instant now) {
    auto done = commit_now(now);
    commit_failed_ = !done;  // the batches keep what they have
    return done;
}

Result<void> Engine::commit_now(Instant now) {
    last_commit_ = now;
    if (!std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.placed; })) return {};
    // In the first task, which commits first: nobody has counted of an input whose progress is not stored.
    if (parts_.progress != nullptr && parts_.progress->write(lanes_.front().batch)) dirty_ = true;
    if (dirty_ || parts_.outlet.any_delivered()) {
        // All tasks at one point of the merged log: what one of them knows of another's cells is what is stored there.
        for (Lane& lane : lanes_) {
            auto done = commit_lane(lane);
            if (!done) return done;
        }
        dirty_ = false;
        records_since_commit_ = 0;
    }
    if (options_.faults.send_before_fsync && rows_pending_) {
        parts_.outlet.release();
        rows_pending_ = false;
    }
    if (rows_pending_ || now - last_sync_ >= kSyncEvery) {
        auto done = sync(now);
        if (!done) return done;
    }
    if (!dirty_ && std::exchange(sweep_ended_, false)) tell_warming();
    return {};
}

// After a power cut every task comes back to this point or a later one, and asks for windows from here on.
void Engine::is_on_disk(Instant now) {
    last_sync_ = now;
    Instant oldest = kNever;
    for (const Lane& lane : lanes_) oldest = std::min(oldest, lane.task->clock());
    for (Lane& lane : lanes_) lane.task->keep_cells_from(oldest);
}

Result<void> Engine::sync(Instant now) {
    for (Lane& lane : lanes_) {
        auto done = lane.store->sync();
        if (!done) return done;
        if (!dirty_) lane.synced_next = lane.position.next;
    }
    is_on_disk(now);
    if (rows_pending_) parts_.outlet.release();
    rows_pending_ = false;
    return {};
}

Result<void> Engine::flush(Instant now) {
    dirty_ = dirty_ || options_.faults.offset_outside_batch;  // at a clean end even its changes arrive
    auto done = commit(now);
    if (!done) return done;
    return sync(now);
}

}  // namespace tocsin::pipeline
