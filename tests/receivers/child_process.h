#pragma once
/// A server of somebody else's, started for a test and ended with it.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

extern char** environ;

namespace tocsin::receivers {

class ChildProcess {
public:
    explicit ChildProcess(std::vector<std::string> words) {
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return;
        said_ = ends[0];
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, ends[1], 1);
        posix_spawn_file_actions_adddup2(&files, ends[1], 2);
        if (posix_spawn(&pid_, arguments[0], &files, nullptr, arguments.data(), environ) != 0) pid_ = -1;
        posix_spawn_file_actions_destroy(&files);
        close(ends[1]);
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        if (said_ >= 0) close(said_);
    }

    /// The word behind `mark` in what it says; empty if it ends, or says nothing for half a minute, before that.
    std::string word_after(const std::string& mark) {
        pollfd readable{said_, POLLIN, 0};
        while (pid_ > 0 && poll(&readable, 1, 30'000) == 1) {
            char chunk[4096];
            const ssize_t n = read(said_, chunk, sizeof chunk);
            if (n <= 0) break;
            log_.append(chunk, static_cast<std::size_t>(n));
            const std::size_t at = log_.find(mark);
            const std::size_t end = at == std::string::npos ? at : log_.find_first_of(" \n", at + mark.size());
            if (end != std::string::npos) return log_.substr(at + mark.size(), end - at - mark.size());
        }
        return {};
    }
    /// Waits for its end: the exit code, or -1.
    int wait() {
        int status = -1;
        if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_) return -1;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    [[nodiscard]] const std::string& log() const { return log_; }

private:
    pid_t pid_ = -1;
    int said_ = -1;
    std::string log_;
};

}  // namespace tocsin::receivers
