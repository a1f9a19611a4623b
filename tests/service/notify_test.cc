/// A datagram socket in the place of systemd's.

#include "service/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace tocsin::service {
namespace {

class Socket {
public:
    Socket() : path_("/tmp/tocsin-notify-" + std::to_string(getpid())) {
        fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        unlink(path_.c_str());
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    ~Socket() {
        unsetenv("NOTIFY_SOCKET");
        close(fd_);
        unlink(path_.c_str());
    }
    std::string next() {
        char buffer[512];
        const auto n = recv(fd_, buffer, sizeof buffer, 0);
        return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
    }

private:
    std::string path_;
    int fd_ = -1;
};

TEST(Notify, TellsEachStateInSystemdsWords) {
    Socket socket;
    ready("4 tasks");
    EXPECT_EQ(socket.next(), "READY=1\nSTATUS=4 tasks");
    status("reading the backlog");
    EXPECT_EQ(socket.next(), "STATUS=reading the backlog");
    reloading();
    EXPECT_EQ(socket.next(), "RELOADING=1");
    alive();
    EXPECT_EQ(socket.next(), "WATCHDOG=1");
    stopping();
    EXPECT_EQ(socket.next(), "STOPPING=1");
}

TEST(Notify, WithoutASocketNothingHappens) {
    unsetenv("NOTIFY_SOCKET");
    ready("x");
    alive();
    EXPECT_FALSE(watchdog_interval());
}

TEST(Notify, TheWatchdogIntervalIsSystemds) {
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    EXPECT_EQ(watchdog_interval(), std::chrono::seconds(30));
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

}  // namespace
}  // namespace tocsin::service
