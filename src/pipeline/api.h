#pragma once
/// /api/v1: what the daemon knows, in Prometheus' envelope. Answers are made on the engine thread.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "http/server.h"
#include "task/task_group.h"

namespace tocsin::pipeline {

/// Pure reading of the tasks' state. The plain number behind a pseudonym is given by lookup with reveal only, and each
/// such answer is logged with the id asked for, never with the number.
class Api {
public:
    Api(task::TaskGroup& tasks, const task::Setting& setting) : tasks_(tasks), setting_(setting) {}
    void use(std::shared_ptr<const RuleSet> rules) { rules_ = std::move(rules); }

    /// Errors are answers too: 404 for what is not there, 400 for a question that cannot be read.
    [[nodiscard]] http::Response answer(const http::Request& request);

    static http::Response success(const std::string& data_json);
    static http::Response error(int status, const std::string& type, const std::string& message);

private:
    [[nodiscard]] http::Response episodes(bool cases, const std::string& id);
    [[nodiscard]] http::Response lookup(const http::Request& request);
    [[nodiscard]] http::Response rules();
    [[nodiscard]] nlohmann::json alerts_of(const Rule& rule);
    [[nodiscard]] nlohmann::json describe_rule(const Rule& rule);

    task::TaskGroup& tasks_;
    const task::Setting& setting_;
    std::shared_ptr<const RuleSet> rules_;
};

}  // namespace tocsin::pipeline
