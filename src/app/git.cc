#include "app/git.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <vector>

extern char** environ;

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

struct Ran {
    int code = -1;  ///< -1: it could not be started, or a signal ended it
    std::string out;
};

std::string everything_of(int file) {
    std::string out;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(file, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    return out;
}

/// Runs git in the folder of the file, with the words of `command` and then `last`, whatever is in it. Its own
/// complaints are for nobody: callers say what went wrong.
Ran git(const std::string& file, const std::string& command, std::string last) {
    const std::string folder = fs::path(file).parent_path().string();
    std::vector<std::string> words = {"git", "-C", folder.empty() ? "." : folder};
    std::istringstream split(command);
    for (std::string word; split >> word;) words.push_back(word);
    words.push_back(std::move(last));
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int ends[2];
    Ran ran;
    if (pipe2(ends, O_CLOEXEC) != 0) return ran;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int failed = posix_spawnp(&pid, "git", &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (failed == 0) ran.out = everything_of(ends[0]);
    close(ends[0]);
    int status = 0;
    if (failed == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ran.code = WEXITSTATUS(status);
    return ran;
}

}  // namespace

Result<void> check_revision(const std::string& file, const std::string& revision) {
    const Ran inside = git(file, "rev-parse --show-toplevel --", ".");
    if (inside.code == -1) return reject("--changed-since: git cannot be run");
    if (inside.code != 0) return reject("--changed-since: " + file + " is in no repository of git");
    const Ran known = git(file, "rev-parse --verify --quiet --end-of-options", revision + "^{commit}");
    if (known.code != 0)
        return reject("--changed-since: the repository of " + file + " has no revision \"" + revision + "\"");
    return {};
}

std::optional<std::string> file_at(const std::string& file, const std::string& revision) {
    Ran shown = git(file, "show --end-of-options", revision + ":./" + fs::path(file).filename().string());
    return shown.code == 0 ? std::optional(std::move(shown.out)) : std::nullopt;
}

}  // namespace tocsin::app
