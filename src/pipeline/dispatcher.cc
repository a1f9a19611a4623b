#include "pipeline/dispatcher.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"

namespace tocsin::pipeline {
namespace {

constexpr Duration kRound = std::chrono::milliseconds(100);
constexpr std::size_t kTopicInFlightMax = 10'000;
constexpr std::size_t kPerReceiverMax = 32;
constexpr std::uint32_t kDigestTask = UINT32_MAX;  // rows that are in no store

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options, TopicWriter* topics, metrics::Metrics& metrics,
                       std::function<void()> finished)
    : options_(std::move(options)), topics_(topics), metrics_(metrics), finished_signal_(std::move(finished)) {
    for (const Target& target : options_.targets) {
        by_key_[target.key] = lanes_.size();
        Lane& lane = lanes_.emplace_back();
        lane.target = target;
        outbox::QueueLimits limits = options_.limits;
        limits.keeps_order = !target.topic.empty();
        lane.queue = outbox::Queue(limits);
        if (target.alertmanager)
            lane.alertmanager = std::make_unique<receivers::AlertmanagerState>(*target.alertmanager);
        metrics_.set("notification_queue_capacity", {target.name}, static_cast<double>(options_.limits.rows_max));
        publish(lane);
    }
}

Dispatcher::~Dispatcher() {
    stop(Duration(0));
}

void Dispatcher::start() {
    thread_ = std::thread([this] { run(); });
}

void Dispatcher::stop(Duration at_most) {
    if (!thread_.joinable()) return;
    stop_at_ms_ = to_millis(wall_now() + at_most);
    stopping_ = true;
    http_.wake();
    thread_.join();
}

void Dispatcher::enqueue(std::vector<outbox::Notice> notices) {
    if (notices.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        pending_ += notices.size();
        std::move(notices.begin(), notices.end(), std::back_inserter(inbox_));
    }
    http_.wake();
}

void Dispatcher::restore_open(std::vector<Open> open) {
    const std::lock_guard lock(mutex_);
    to_restore_ = std::move(open);
}

void Dispatcher::warming(std::vector<std::string> rules) {
    const std::lock_guard lock(mutex_);
    to_warm_ = std::move(rules);
}

std::vector<std::uint64_t> Dispatcher::take_finished(std::uint32_t task) {
    const std::lock_guard lock(mutex_);
    auto rows = std::exchange(finished_[task], {});
    any_finished_ = std::any_of(finished_.begin(), finished_.end(), [](const auto& f) { return !f.second.empty(); });
    return rows;
}

void Dispatcher::give_back(const std::vector<outbox::RowKey>& rows) {
    if (rows.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const outbox::RowKey& key : rows) {
        if (key.task == kDigestTask) {
            for (const outbox::RowKey& stood_for : digest_rows_[key])
                finished_[stood_for.task].push_back(stood_for.number);
            pending_ -= std::min(pending_.load(), digest_rows_[key].size());
            digest_rows_.erase(key);
            continue;
        }
        finished_[key.task].push_back(key.number);
        if (pending_ > 0) --pending_;
    }
    any_finished_ = true;
}

void Dispatcher::hold_or_queue(Lane& lane, outbox::Notice notice, Instant now) {
    const bool to_people = lane.target.topic.empty();
    const bool old = now - notice.at > options_.max_notice_age;
    // Who is not told yet that an episode is open is not told what became of it either.
    const bool follows = lane.held.holds(notice.rule, notice.episode);
    if (options_.hold_old && to_people && (notice.held || old || follows)) {
        const char* why = notice.held ? "not_caught_up" : "max_notice_age";
        if (caught_up_ && (follows || warming_.contains(notice.rule))) why = "warming";
        metrics_.add("notifications_suppressed_total", {why});
        lane.held.add(std::move(notice));
        return;
    }
    lane.queue.add(std::move(notice), now);
}

void Dispatcher::take_in(Instant now) {
    std::vector<outbox::Notice> notices;
    std::vector<Open> open;
    {
        const std::lock_guard lock(mutex_);
        notices.swap(inbox_);
        open.swap(to_restore_);
        warming_ = outbox::Held::Waiting(to_warm_.begin(), to_warm_.end());
    }
    for (const Open& warning : open) {
        Lane& lane = lanes_[by_key_.at(warning.key)];
        if (lane.alertmanager) lane.alertmanager->restore(warning.body);
    }
    std::vector<outbox::RowKey> orphans;
    for (outbox::Notice& notice : notices) {
        const auto it = by_key_.find(notice.receiver);
        if (it == by_key_.end()) {
            orphans.push_back(notice.key);  // a receiver that the configuration no longer has
            continue;
        }
        hold_or_queue(lanes_[it->second], std::move(notice), now);
    }
    if (!orphans.empty()) {
        log_warn("dispatcher", "notices for receivers that are no longer configured were dropped",
                 {{"notices", orphans.size()}});
        give_back(orphans);
    }
}

void Dispatcher::tell_digests(Lane& lane, Instant now) {
    if (!caught_up_ || lane.held.empty()) return;
    if (lane.alertmanager) {
        auto [notices, rows] = lane.held.newest(warming_);
        give_back(rows);
        for (outbox::Notice& notice : notices) lane.queue.add(std::move(notice), now);
        return;
    }
    for (outbox::Digest& digest : lane.held.digests(lane.target.key, warming_)) {
        digest.notice.key = {kDigestTask, next_digest_++};
        digest_rows_[digest.notice.key] = std::move(digest.rows);
        lane.queue.add(std::move(digest.notice), now);
    }
}

void Dispatcher::send_http(std::size_t index, std::vector<std::shared_ptr<const outbox::Notice>> notices, Instant now) {
    Lane& lane = lanes_[index];
    receivers::HttpRequest request;
    if (lane.alertmanager) {
        request.url = lane.target.alertmanager_url;
        request.body = lane.alertmanager->body(notices, now);
        request.headers = {{"content-type", "application/json"}};
        request.timeout = lane.target.timeout;
        request.allowed = {receivers::Cidr{}};  // the operator named this address; it is usually on this very network
    } else {
        request = receivers::webhook_request(*lane.target.webhook, *notices.front(), now);
    }
    request.tag = next_tag_++;
    exchanges_[request.tag] = {index, std::move(notices), now};
    ++lane.exchanging;
    http_.start(std::move(request));
}

void Dispatcher::send_topic(std::size_t index, const std::shared_ptr<const outbox::Notice>& notice) {
    Lane& lane = lanes_[index];
    TopicRecord record;
    record.topic = lane.target.topic;
    record.tag = next_tag_++;
    exchanges_[record.tag] = {index, {notice}, wall_now()};
    if (notice->kind == outbox::NoticeKind::kDeadLetter) {
        const auto letter = outbox::decode_dead_letter(notice->body);
        if (!letter) return finish(lane, *notice, outbox::Attempt::kRefused, "damaged", wall_now());
        record.key = letter->key;
        record.value = letter->value;
        record.has_value = letter->has_value;
        record.headers = letter->headers;
        cut_[record.tag] = std::make_shared<outbox::DeadLetter>(*letter);
    } else {
        record.key = notice->episode;
        record.value = notice->body;
    }
    topics_->produce(record);
}

void Dispatcher::send(std::size_t index, Instant now) {
    Lane& lane = lanes_[index];
    if (lane.target.webhook || lane.alertmanager) {
        if (http_.in_flight() >= receivers::HttpClient::kInFlightMax) return;
        if (lane.alertmanager) {
            if (lane.exchanging > 0) return;  // one at a time: a resend must not overtake a change of level
            auto notices = lane.queue.take(now, lane.batch_max);
            std::vector<std::shared_ptr<const outbox::Notice>> wanted;
            for (auto& notice : notices) {
                if (receivers::AlertmanagerState::concerns(*notice))
                    wanted.push_back(std::move(notice));
                else
                    lane.queue.finish(notice->key, outbox::Attempt::kDelivered, "", now, 0);
            }
            if (!wanted.empty()) send_http(index, std::move(wanted), now);
            return;
        }
        // A share for each receiver: one that hangs must not take all connections.
        const std::size_t busy = std::min(kPerReceiverMax, lane.queue.under_way());
        const std::size_t room =
            std::min(receivers::HttpClient::kInFlightMax - http_.in_flight(), kPerReceiverMax - busy);
        for (auto& notice : lane.queue.take(now, room)) send_http(index, {std::move(notice)}, now);
        return;
    }
    if (exchanges_.size() >= kTopicInFlightMax) return;
    for (const auto& notice : lane.queue.take(now, 1000)) send_topic(index, notice);
}

void Dispatcher::resend(std::size_t index, Instant now) {
    Lane& lane = lanes_[index];
    if (!lane.alertmanager || lane.exchanging > 0 || lane.alertmanager->next_resend() > now) return;
    for (std::string& body : lane.alertmanager->resend(now)) {
        if (http_.in_flight() >= receivers::HttpClient::kInFlightMax) return;
        receivers::HttpRequest request;
        request.url = lane.target.alertmanager_url;
        request.body = std::move(body);
        request.headers = {{"content-type", "application/json"}};
        request.timeout = lane.target.timeout;
        request.allowed = {receivers::Cidr{}};
        request.tag = next_tag_++;
        exchanges_[request.tag] = {index, {}, now};
        ++lane.exchanging;
        http_.start(std::move(request));
    }
}

void Dispatcher::finish(Lane& lane, const outbox::Notice& notice, outbox::Attempt attempt, const std::string& reason,
                        Instant now, std::optional<Duration> retry_after) {
    if (attempt == outbox::Attempt::kDelivered) {
        ++lane.delivered;
        lane.letters += notice.kind == outbox::NoticeKind::kDeadLetter ? 1 : 0;
        if (lane.alertmanager) lane.alertmanager->delivered(notice, now);
    } else {
        metrics_.add("notifications_failed_total", {lane.target.name, lane.target.integration, reason});
    }
    if (attempt == outbox::Attempt::kRefused || attempt == outbox::Attempt::kGone) {
        log_error("dispatcher", "a receiver refuses a notice; it is parked",
                  {{"receiver", lane.target.name}, {"id", notice.id}, {"reason", reason}});
    }
    lane.queue.finish(notice.key, attempt, reason, now, chance(), retry_after);
}

void Dispatcher::on_response(const receivers::HttpResponse& response, Instant now) {
    const auto it = exchanges_.find(response.tag);
    if (it == exchanges_.end()) return;
    const Exchange exchange = std::move(it->second);
    exchanges_.erase(it);
    Lane& lane = lanes_[exchange.lane];
    --lane.exchanging;
    metrics_.add("notification_requests_total", {lane.target.integration});
    metrics_.observe("notification_latency_seconds", {lane.target.integration},
                     std::chrono::duration<double>(now - exchange.begun).count());
    outbox::Attempt attempt = receivers::attempt_of(response);
    const std::string reason =
        attempt == outbox::Attempt::kDelivered ? "" : std::string(receivers::reason_of(response));
    if (attempt != outbox::Attempt::kDelivered) {
        metrics_.add("notification_requests_failed_total", {lane.target.integration});
        log_warn("dispatcher", "an attempt failed",
                 {{"receiver", lane.target.name}, {"status", response.status}, {"error", response.error}});
    }
    // Alertmanager refuses a batch for one bad alert: send them one by one, and only the bad one is refused.
    if (lane.alertmanager && attempt == outbox::Attempt::kRefused && exchange.notices.size() > 1) {
        lane.batch_max = 1;
        attempt = outbox::Attempt::kAgain;
    } else if (attempt == outbox::Attempt::kDelivered) {
        lane.batch_max = receivers::AlertmanagerState::kBatchMax;
    }
    for (const auto& notice : exchange.notices) finish(lane, *notice, attempt, reason, now, response.retry_after);
}

void Dispatcher::on_report(const TopicReport& report, Instant now) {
    const auto it = exchanges_.find(report.tag);
    if (it == exchanges_.end()) return;
    Lane& lane = lanes_[it->second.lane];
    const auto notice = it->second.notices.front();
    const auto letter = cut_.find(report.tag);
    if (report.outcome == TopicReport::Outcome::kTooLarge && letter != cut_.end() &&
        outbox::cut_further(*letter->second)) {
        // A dead letter never blocks: half of it says more than none.
        topics_->produce({lane.target.topic, letter->second->key, letter->second->value, letter->second->has_value,
                          letter->second->headers, report.tag});
        return;
    }
    if (letter != cut_.end()) cut_.erase(letter);
    exchanges_.erase(it);
    switch (report.outcome) {
        case TopicReport::Outcome::kDelivered:
            return finish(lane, *notice, outbox::Attempt::kDelivered, "", now);
        case TopicReport::Outcome::kBusy:
            return finish(lane, *notice, outbox::Attempt::kBusy, "serverError", now);
        default:
            return finish(lane, *notice, outbox::Attempt::kRefused, "clientError", now);
    }
}

void Dispatcher::publish(Lane& lane) {
    const std::string& name = lane.target.name;
    if (lane.delivered > 0)
        metrics_.add("notifications_total", {name, lane.target.integration},
                     static_cast<double>(std::exchange(lane.delivered, 0)));
    if (lane.letters > 0)
        metrics_.add("dead_letters_total", {lane.target.topic}, static_cast<double>(std::exchange(lane.letters, 0)));
    metrics_.set("notification_queue_length", {name}, static_cast<double>(lane.queue.size() + lane.held.size()));
    const Instant oldest = lane.queue.oldest();
    metrics_.set("notification_oldest_pending_timestamp_seconds", {name},
                 oldest == kNever ? 0 : static_cast<double>(to_millis(oldest)) / 1000);
    metrics_.add("notifications_parked_total", {name},
                 static_cast<double>(lane.queue.parked_total() - lane.parked_told));
    metrics_.add("notifications_folded_total", {name}, static_cast<double>(lane.queue.folded() - lane.folded_told));
    metrics_.add("notifications_dropped_total", {name}, static_cast<double>(lane.queue.dropped() - lane.dropped_told));
    lane.dropped_told = lane.queue.dropped();
    lane.parked_told = lane.queue.parked_total();
    lane.folded_told = lane.queue.folded();
}

void Dispatcher::run() {
    for (;;) {
        const Instant now = wall_now();
        take_in(now);
        bool idle = exchanges_.empty();
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            tell_digests(lanes_[i], now);
            send(i, now);
            resend(i, now);
            idle = idle && lanes_[i].queue.size() == 0;
        }
        if (stopping_ && (idle || to_millis(now) >= stop_at_ms_)) return;
        const bool topics_busy = topics_ != nullptr && !exchanges_.empty();
        for (const auto& response : http_.wait(topics_busy ? Duration(5) : kRound)) on_response(response, wall_now());
        if (topics_ != nullptr) {
            for (const TopicReport& report : topics_->reports()) on_report(report, wall_now());
        }
        bool any = false;
        for (Lane& lane : lanes_) {
            const auto rows = lane.queue.take_finished();
            any = any || !rows.empty();
            give_back(rows);
        }
        if (const Instant then = wall_now(); any || then - published_ >= kRound) {
            published_ = then;
            for (Lane& lane : lanes_) publish(lane);
        }
        if (any) finished_signal_();
    }
}

}  // namespace tocsin::pipeline
