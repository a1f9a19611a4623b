#pragma once
/// Questions for the engine thread: about live state that only it may touch.

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace tocsin::pipeline {

class Mailbox {
public:
    using Task = std::function<void()>;
    static constexpr std::size_t kWaitingMax = 256;

    /// `wake` is called after each post, from the posting thread.
    explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    /// Any thread. False: too many wait already.
    bool post(Task task) {
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() >= kWaitingMax) return false;
            waiting_.push_back(std::move(task));
        }
        wake_();
        return true;
    }
    /// Engine thread: does everything that waits.
    void run_all() {
        std::vector<Task> tasks;
        {
            const std::lock_guard lock(mutex_);
            tasks.swap(waiting_);
        }
        for (const Task& task : tasks) task();
    }

private:
    std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Task> waiting_;
};

}  // namespace tocsin::pipeline
