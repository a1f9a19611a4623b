#pragma once
/// The engine's side of the outbox: which receivers a transition is for, and the rows that say so.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "pipeline/dispatcher.h"
#include "pipeline/outlet.h"

namespace tocsin::pipeline {

/// What every notice goes through, made once from the configuration.
struct Routing {
    std::optional<config::Route> route;
    std::map<std::string, std::vector<std::string>> targets;  ///< receiver name -> keys of its targets
    bool to_output_topic = false;
    std::vector<Target> all;  ///< for the dispatcher
};
/// Errors: kReject, a webhook's allow_cidrs that is no address range.
Result<Routing> make_routing(const config::Config& config);

/// Engine thread only.
class NoticeOutlet : public Outlet {
public:
    NoticeOutlet(Routing routing, Dispatcher& dispatcher) : routing_(std::move(routing)), dispatcher_(dispatcher) {}
    void use(std::shared_ptr<const RuleSet> rules) { rules_ = std::move(rules); }
    /// Restores a row that was stored and not delivered. Errors: as outbox::decode_notice.
    Result<void> restore(Lane& lane, std::string_view key, std::string_view value);

    void add(Lane& lane, const Transition& transition, bool held) override;
    void add(Lane& lane, const DeadRecord& dead) override;
    bool remove_delivered(Lane& lane) override;
    [[nodiscard]] bool any_delivered() const override { return dispatcher_.any_finished(); }
    void release() override;
    void warming(std::vector<std::string> rules) override { dispatcher_.warming(std::move(rules)); }

    /// Keys of the targets that a transition goes to, besides the output topic.
    [[nodiscard]] std::vector<std::string> keys_of(const Transition& transition) const;
    /// Who has been told of an episode that is open: after a restart an Alertmanager is to hear of it again. Of a
    /// record as Task::open_warnings() gives it, whose own kind, `updated`, is nobody's business.
    [[nodiscard]] std::vector<std::string> keys_of_open(Transition record) const;
    [[nodiscard]] std::string group_of(const Transition& transition) const;

private:
    void put(Lane& lane, outbox::Notice notice);
    [[nodiscard]] std::vector<std::string> receivers_of(const Transition& transition) const;

    Routing routing_;
    Dispatcher& dispatcher_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<outbox::Notice> committed_;  // wait for the sync
};

}  // namespace tocsin::pipeline
