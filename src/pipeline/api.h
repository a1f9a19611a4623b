#pragma once
/// /api/v1: what the daemon knows, in Prometheus' envelope. Answers are made on the engine thread.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "http/server.h"
#include "pipeline/why.h"
#include "task/task_group.h"
#include "tocsin/transition.h"

namespace tocsin::pipeline {

/// Pure reading of the tasks' state. The plain number behind a pseudonym is given by lookup with reveal only, and each
/// such answer is logged with the id asked for, never with the number.
class Api {
public:
    /// The steps of one episode that are judged again in an answer: its opening and the newest. Counting waits for it.
    static constexpr std::size_t kStepsMax = 20;
    /// Who is told of an episode that is open: keys of targets, "webhook/worklist/0".
    using Told = std::function<std::vector<std::string>(const Transition&)>;

    Api(task::TaskGroup& tasks, const task::Setting& setting, Told told)
        : tasks_(tasks), setting_(setting), told_(std::move(told)) {}
    void use(std::shared_ptr<const RuleSet> rules) { rules_ = std::move(rules); }

    /// Errors are answers too: 404 for what is not there, 400 for a question that cannot be read.
    [[nodiscard]] http::Response answer(const http::Request& request);

    static http::Response success(const std::string& data_json);
    static http::Response error(int status, const std::string& type, const std::string& message);

private:
    [[nodiscard]] http::Response episodes(bool cases, const std::string& id);
    [[nodiscard]] http::Response lookup(const http::Request& request);
    [[nodiscard]] http::Response rules();
    [[nodiscard]] http::Response explain(const http::Request& request) const;
    [[nodiscard]] http::Response explain_episode(const std::string& id) const;
    [[nodiscard]] http::Response explain_person(const http::Request& request) const;
    [[nodiscard]] http::Response explain_place(task::Task& task, const Rule& rule, const std::string& id) const;
    // Members of the answer.
    [[nodiscard]] std::string now_json(const task::Task& task, const Rule& rule, const Person& person,
                                       const std::string& id) const;
    [[nodiscard]] std::string story_of(const task::Task& task, const Rule& rule, const Person& person,
                                       const std::string& id) const;
    [[nodiscard]] std::string then_json(const task::Task& task, const Rule& rule, const Person& person,
                                        Instant at) const;
    [[nodiscard]] nlohmann::json alerts_of(const Rule& rule);
    [[nodiscard]] nlohmann::json describe_rule(const Rule& rule);

    task::TaskGroup& tasks_;
    const task::Setting& setting_;
    Told told_;
    std::shared_ptr<const RuleSet> rules_;
};

}  // namespace tocsin::pipeline
