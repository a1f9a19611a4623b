#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <thread>

#include "app/board.h"
#include "app/campaign.h"
#include "app/commands.h"
#include "app/embedded.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/files.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"
#include "pipeline/daemon.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

constexpr int kPartitions = 4;
constexpr const char* kTopic = "demo.events";
constexpr std::chrono::milliseconds kShowLasts = std::chrono::seconds(45);

// The demonstration's files, written where the daemon's own loader finds them.
class Folder {
public:
    Folder() {
        std::error_code error;
        std::string name = (fs::temp_directory_path(error) / "tocsin-demo-XXXXXX").string();
        if (!error && mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        if (made()) fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] bool made() const { return !path_.empty(); }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    [[nodiscard]] fs::path operator/(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

Result<std::vector<DemoRecord>> records_of(const std::string& scenario, const Folder& folder) {
    if (scenario == "campaign") return campaign(2026);
    folder.write("spectrum.jsonl.gz", embedded("spectrum-2026-06.jsonl.gz"));
    auto reader = TOCSIN_TRY(LineReader::open(folder / "spectrum.jsonl.gz"));
    std::vector<DemoRecord> records;
    std::string line;
    while (reader.next(line)) {
        const std::size_t at = line.find("\"id\":\"") + 6;
        records.push_back({line.substr(at, line.find('"', at) - at), line});
    }
    return records;
}

std::atomic<bool> g_stop{false};

// Sends the records: at once, or, for somebody who watches, evenly over `lasting`.
class Feed {
public:
    static Result<std::unique_ptr<Feed>> open(const std::string& bootstrap, std::vector<DemoRecord> records) {
        kafka::ProducerOptions options;
        options.client.brokers = bootstrap;
        auto producer = TOCSIN_TRY(kafka::Producer::open(std::move(options)));
        return std::unique_ptr<Feed>(new Feed(std::move(producer), std::move(records)));
    }
    ~Feed() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    Result<void> send_all() {
        while (sent_ < records_.size()) {
            auto sent = send_next();
            if (!sent) return sent;
        }
        if (!producer_->flush(std::chrono::seconds(20))) return retry("the embedded broker did not take the events");
        return {};
    }
    void send_slowly(std::chrono::milliseconds lasting) {
        thread_ = std::thread([this, lasting] {
            const auto begin = std::chrono::steady_clock::now();
            while (!stop_ && sent_ < records_.size()) {
                const auto passed = std::chrono::steady_clock::now() - begin;
                const auto due = static_cast<std::size_t>(static_cast<double>(records_.size()) *
                                                          (passed / std::chrono::duration<double>(lasting)));
                while (sent_ < std::min(due, records_.size())) {
                    if (!send_next()) return;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
        });
    }
    [[nodiscard]] std::size_t sent() const { return sent_; }
    [[nodiscard]] std::size_t all() const { return records_.size(); }

private:
    Feed(std::unique_ptr<kafka::Producer> producer, std::vector<DemoRecord> records)
        : producer_(std::move(producer)), records_(std::move(records)) {}

    Result<void> send_next() {
        const DemoRecord& r = records_[sent_];
        kafka::OutgoingRecord record;
        record.topic = kTopic;
        record.key = r.key;
        record.partition = kafka::partition_of(r.key, kPartitions);
        record.value = r.value;
        auto sent = producer_->produce(record);
        if (sent) ++sent_;
        return sent;
    }

    std::unique_ptr<kafka::Producer> producer_;
    std::vector<DemoRecord> records_;
    std::atomic<std::size_t> sent_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// Whether stdout is a terminal that somebody watches, and how wide it is.
std::optional<Screen> screen_of(const DemoArguments& arguments) {
    if (arguments.once || isatty(STDOUT_FILENO) == 0) return std::nullopt;
    winsize size{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return Screen{known ? size.ws_col : 80, std::getenv("NO_COLOR") == nullptr};
}

// Where a browser finds the daemon's pages.
std::string address(const pipeline::Daemon& daemon, const DemoArguments& arguments) {
    const std::string host = arguments.listen.substr(0, arguments.listen.rfind(':'));
    const bool everywhere = host.empty() || host == "0.0.0.0" || host == "[::]";
    return "http://" + (everywhere ? "127.0.0.1" : host) + ":" + std::to_string(daemon.http_port());
}

int watch(pipeline::Daemon& daemon, Board& board, const Feed& feed, const DemoArguments& arguments) {
    bool told = false;
    while (!g_stop) {
        if (const std::string failure = daemon.failure(); !failure.empty()) {
            complain(failure);
            return kExitFailed;
        }
        const bool done = feed.sent() == feed.all() && daemon.standing_still();
        if (const auto screen = screen_of(arguments)) {
            std::cout << "\x1b[H\x1b[J" << board.text(feed.sent(), feed.all(), *screen)
                      << (done ? "\nall read" : "\nreading") << "; metrics on " << address(daemon, arguments)
                      << "/metrics; Ctrl-C leaves\n"
                      << std::flush;
        } else if (done && !told) {
            told = true;
            std::cout << board.text(feed.sent(), feed.all(), {}) << board.warnings() << std::flush;
            if (arguments.once) break;
            std::cerr << "tocsin: everything has been read; Ctrl-C leaves\n";
        }
        for (int i = 0; i < 5 && !g_stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return kExitOk;
}

Result<void> write_files(const Folder& folder) {
    if (!folder.made())
        return reject("no folder can be made for the demonstration: set TMPDIR to one that may be written to");
    for (const char* name : {"campaign.yml", "spectrum.yml", "person.yml", "area.yml", "promise.yml"})
        folder.write(name, embedded(name));
    folder.write("thresholds/area-complaint-surge.csv", embedded("area-complaint-surge.csv"));
    folder.write("areas.csv", campaign_areas());
    return {};
}

// Until the end: the daemon's, or the watcher's.
Result<int> demonstrate(const DemoArguments& arguments, const Folder& folder, Loaded& loaded) {
    auto broker = TOCSIN_TRY(kafka::EmbeddedBroker::start());
    auto records = TOCSIN_TRY(records_of(arguments.scenario, folder));
    for (const std::string& topic :
         {std::string(kTopic), loaded.config.kafka.output_topic, loaded.config.kafka.dead_letter_topic}) {
        if (auto made = broker->create(topic, kPartitions); !made) return std::move(made).error();
    }
    std::cerr << "tocsin: pseudonyms are made with a fixed key; every number in the campaign is invented\n";
    if (arguments.scenario == "spectrum")
        std::cerr << "tocsin: data: usspectrumoutage-us/spectrum-outage-dataset, CC BY 4.0\n";
    loaded.config.kafka.brokers = {broker->bootstrap()};
    auto feed = TOCSIN_TRY(Feed::open(broker->bootstrap(), std::move(records)));
    if (!screen_of(arguments)) {
        if (auto sent = feed->send_all(); !sent) return std::move(sent).error();
    }
    Board board(config::make_areas(loaded.config));
    pipeline::DaemonOptions options;
    options.listen = {arguments.listen};
    options.storage_path = folder / "state";
    options.event_clock = true;
    options.embedded = true;
    options.version = TOCSIN_VERSION;
    options.watch = [&board](const Transition& t) { board.add(t); };
    auto daemon = TOCSIN_TRY(
        pipeline::Daemon::start(std::move(loaded.config), loaded.rules, Pseudonymizer::fixed(), std::move(options)));
    std::cerr << "tocsin: metrics on " << address(*daemon, arguments) << "/metrics\n";
    if (screen_of(arguments)) feed->send_slowly(kShowLasts);
    return watch(*daemon, board, *feed, arguments);
}

}  // namespace

int demo(const DemoArguments& arguments) {
    signal(SIGINT, [](int) { g_stop = true; });
    signal(SIGTERM, [](int) { g_stop = true; });
    signal(SIGPIPE, SIG_IGN);
    const Folder folder;
    if (const auto written = write_files(folder); !written) {
        complain(written.error().message);
        return kExitFailed;
    }
    auto loaded = load_all(folder / (arguments.scenario + ".yml"), config::Purpose::kDemo);
    if (!loaded) return kExitFailed;
    const auto code = demonstrate(arguments, folder, *loaded);
    if (!code) complain(code.error().message);
    return code ? *code : kExitFailed;
}

}  // namespace tocsin::app
