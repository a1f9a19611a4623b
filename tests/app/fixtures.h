#pragma once
/// The built program, run as somebody would type it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern char** environ;

namespace tocsin::app {

struct Ran {
    int code = -1;
    std::string out, err;
};

/// A folder that is gone after the test.
class Scratch {
public:
    Scratch()
        : path_(std::filesystem::temp_directory_path() / ("tocsin-app-" + std::to_string(std::random_device{}()))) {
        std::filesystem::create_directories(path_);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { std::filesystem::remove_all(path_); }

    /// Writes a file and answers its path.
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return path_ / name;
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
        return text.str();
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Runs it to its end; -1 as code: it could not be started, or a signal ended it.
inline Ran tocsin(std::vector<std::string> words) {
    const Scratch scratch;
    words.insert(words.begin(), TOCSIN_BINARY);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string out = scratch / "out", err = scratch / "err";
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t pid = -1;
    const int failed = posix_spawn(&pid, arguments[0], &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    Ran ran;
    int status = 0;
    if (failed == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ran.code = WEXITSTATUS(status);
    ran.out = scratch.read("out");
    ran.err = scratch.read("err");
    return ran;
}

inline bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tocsin::app
