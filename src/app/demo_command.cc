#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "app/campaign.h"
#include "app/commands.h"
#include "app/embedded.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/files.h"
#include "base/log.h"
#include "base/times.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"
#include "pipeline/daemon.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

constexpr int kPartitions = 4;
constexpr const char* kTopic = "demo.events";

// The demonstration's files, written where the daemon's own loader finds them.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "tocsin-demo-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    [[nodiscard]] fs::path operator/(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

// What a duty officer wants to see: how many are open at which colour, and what happened last.
class Board {
public:
    void add(const Transition& t) {
        const std::lock_guard lock(mutex_);
        ++transitions_;
        if (t.kind == TransitionKind::kUpdated) return;
        if (t.previous_level != Level::kNone) --open_[t.rule][static_cast<std::size_t>(t.previous_level)];
        if (t.level != Level::kNone) ++open_[t.rule][static_cast<std::size_t>(t.level)];
        if (t.kind == TransitionKind::kOpened) ++opened_[t.rule];
        std::string subject;
        for (const auto& f : t.subject) subject += (subject.empty() ? "" : " ") + f.shown;
        const Level shown = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
        last_.push_back(format_rfc3339(t.at) + "  " + pad(transition_name(t.kind), 8) + pad(level_name(shown), 8) + pad(t.rule, 26) + pad(t.area, 30) + subject);
        if (last_.size() > kShown) last_.pop_front();
        if (!t.is_case) warnings_.push_back(last_.back());
    }
    void draw(bool to_terminal, double events) {
        const std::lock_guard lock(mutex_);
        std::string out = to_terminal ? "\x1b[H\x1b[J" : "";
        out += "tocsin demo: " + std::to_string(static_cast<long>(events)) + " events, " + std::to_string(transitions_) + " transitions\n\n";
        out += pad("open now", 28) + pad("blue", 8) + pad("yellow", 8) + pad("orange", 8) + pad("red", 8) + "opened in all\n";
        for (const auto& [rule, levels] : open_) {
            out += pad(rule, 28);
            for (std::size_t l = 1; l < kLevels; ++l) out += pad(std::to_string(levels[l]), 8);
            out += std::to_string(opened_[rule]) + "\n";
        }
        out += "\nlast transitions\n";
        for (const std::string& line : last_) out += "  " + line + "\n";
        std::cout << out << std::flush;
    }
    void print_warnings() {
        const std::lock_guard lock(mutex_);
        std::cout << "\nwarnings\n";
        for (const std::string& line : warnings_) std::cout << "  " << line << "\n";
    }

private:
    static constexpr std::size_t kShown = 12;
    static std::string pad(std::string_view text, std::size_t width) {
        std::string out(text);
        return out.size() < width ? out + std::string(width - out.size(), ' ') : out + " ";
    }
    std::mutex mutex_;
    std::map<std::string, std::array<long, kLevels>> open_;
    std::map<std::string, long> opened_;
    std::deque<std::string> last_;
    std::vector<std::string> warnings_;
    std::uint64_t transitions_ = 0;
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

Result<void> feed(const std::string& bootstrap, const std::vector<DemoRecord>& records) {
    kafka::ProducerOptions options;
    options.client.brokers = bootstrap;
    auto producer = TOCSIN_TRY(kafka::Producer::open(std::move(options)));
    for (const DemoRecord& r : records) {
        kafka::OutgoingRecord record;
        record.topic = kTopic;
        record.key = r.key;
        record.partition = kafka::partition_of(r.key, kPartitions);
        record.value = r.value;
        auto sent = producer->produce(record);
        if (!sent) return sent;
    }
    if (!producer->flush(std::chrono::seconds(20))) return retry("the embedded broker did not take the events");
    return {};
}

std::atomic<bool> g_stop{false};

int watch(pipeline::Daemon& daemon, Board& board, const DemoArguments& arguments, std::size_t events) {
    const bool terminal = isatty(STDOUT_FILENO) != 0 && !arguments.once;
    while (!g_stop) {
        if (!daemon.failure().empty()) return kExitFailed;
        if (arguments.once && daemon.standing_still()) break;
        if (terminal) board.draw(true, static_cast<double>(events));
        for (int i = 0; i < 5 && !g_stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    board.draw(terminal, static_cast<double>(events));
    board.print_warnings();
    return kExitOk;
}

}  // namespace

int demo(const DemoArguments& arguments) {
    const Folder folder;
    for (const char* name : {"campaign.yml", "spectrum.yml", "person.yml", "area.yml", "promise.yml"}) folder.write(name, embedded(name));
    folder.write("thresholds/area-complaint-surge.csv", embedded("area-complaint-surge.csv"));
    folder.write("areas.csv", campaign_areas());
    auto loaded = load_all(folder / (arguments.scenario + ".yml"), config::Purpose::kDemo);
    if (!loaded) return kExitFailed;
    auto broker = kafka::EmbeddedBroker::start();
    auto records = records_of(arguments.scenario, folder);
    if (!broker || !records) {
        complain(!broker ? broker.error().message : records.error().message);
        return kExitFailed;
    }
    for (const std::string& topic : {std::string(kTopic), loaded->config.kafka.output_topic, loaded->config.kafka.dead_letter_topic}) {
        if (const auto made = (*broker)->create(topic, kPartitions); !made) {
            complain(made.error().message);
            return kExitFailed;
        }
    }
    std::cerr << "tocsin: pseudonyms are made with a fixed key; every number in the campaign is invented\n";
    if (arguments.scenario == "spectrum") std::cerr << "tocsin: data: usspectrumoutage-us/spectrum-outage-dataset, CC BY 4.0\n";
    loaded->config.kafka.brokers = {(*broker)->bootstrap()};
    if (const auto fed = feed((*broker)->bootstrap(), *records); !fed) {
        complain(fed.error().message);
        return kExitFailed;
    }
    signal(SIGINT, [](int) { g_stop = true; });
    signal(SIGTERM, [](int) { g_stop = true; });
    signal(SIGPIPE, SIG_IGN);
    set_log(LogLevel::kWarn, LogFormat::kLogfmt);
    Board board;
    pipeline::DaemonOptions options;
    options.listen = {arguments.listen};
    options.storage_path = folder / "state";
    options.event_clock = true;
    options.embedded = true;
    options.version = TOCSIN_VERSION;
    options.watch = [&board](const Transition& t) { board.add(t); };
    auto daemon = pipeline::Daemon::start(std::move(loaded->config), loaded->rules, Pseudonymizer::fixed(), std::move(options));
    if (!daemon) {
        complain(daemon.error().message);
        return kExitFailed;
    }
    std::cerr << "tocsin: metrics on http://127.0.0.1:" << (*daemon)->http_port() << "/metrics\n";
    return watch(**daemon, board, arguments, records->size());
}

}  // namespace tocsin::app
