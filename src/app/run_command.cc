#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/log.h"
#include "pipeline/daemon.h"

namespace tocsin::app {
namespace {

// Signals come to one place: the main thread waits for them, all others have them blocked.
sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int each : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&set, each);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

pipeline::Faults faults_from_environment() {
    pipeline::Faults faults;
    const char* name = std::getenv("TOCSIN_FAULT");
    if (name == nullptr) return faults;
    faults.offset_outside_batch = std::strcmp(name, "offset_outside_batch") == 0;
    faults.send_before_fsync = std::strcmp(name, "send_before_fsync") == 0;
    faults.continuity_check_off = std::strcmp(name, "continuity_check_off") == 0;
    faults.origin_check_off = std::strcmp(name, "origin_check_off") == 0;
    log_error("run", "TOCSIN_FAULT is set: this process breaks its promises on purpose; never do this in service",
              {{"fault", name}});
    return faults;
}

int wait_for_the_end(pipeline::Daemon& daemon, const sigset_t& set) {
    for (;;) {
        const timespec half_second{0, 500'000'000};
        const int got = sigtimedwait(&set, nullptr, &half_second);
        if (got == SIGHUP) {
            daemon.reload([](const std::string&) {});
            continue;
        }
        if (got == SIGTERM || got == SIGINT) {
            log_info("run", "stopping; a second signal ends the process at once");
            // From here on a second signal does not wait for receivers.
            std::thread([set] {
                int again = 0;
                sigwait(&set, &again);
                _exit(kExitFailed);
            }).detach();
            return kExitOk;
        }
        if (!daemon.failure().empty()) return kExitFailed;
    }
}

}  // namespace

int run_daemon(const RunArguments& arguments) {
    auto loaded = load_all(arguments.config_file, config::Purpose::kRun);
    if (!loaded) return kExitUnusableConfig;
    auto pseudonyms = Pseudonymizer::from_file(loaded->config.pseudonym_key_file);
    if (!pseudonyms) {
        complain("privacy.pseudonym_key_file: " + pseudonyms.error().message);
        return kExitUnusableConfig;
    }
    const sigset_t set = block_signals();
    pipeline::DaemonOptions options;
    options.listen = arguments.listen;
    options.storage_path = arguments.storage_path;
    options.event_clock = arguments.clock == "event";
    options.enable_lifecycle = arguments.enable_lifecycle;
    options.version = TOCSIN_VERSION;
    options.faults = faults_from_environment();
    options.mark_synced = std::getenv("TOCSIN_TEST_SYNC_MARK") != nullptr;
    int code = kExitOk;
    {
        auto daemon = pipeline::Daemon::start(std::move(loaded->config), loaded->rules, std::move(*pseudonyms),
                                              std::move(options));
        if (!daemon) {
            log_error("run", daemon.error().message);
            return daemon.error().kind == ErrorKind::kReject ? kExitUnusableConfig : kExitFailed;
        }
        code = wait_for_the_end(**daemon, set);
    }
    log_info("run", "stopped");
    // Not by the way of destructors: a client that librdkafka did not let go of still has threads.
    std::cout.flush();
    _exit(code);
}

}  // namespace tocsin::app
