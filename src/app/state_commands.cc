#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/times.h"
#include "intake/progress.h"
#include "ledger/codec.h"
#include "outbox/notice.h"
#include "pipeline/lane.h"
#include "pipeline/rebuild.h"
#include "store/task_store.h"
#include "task/subject.h"
#include "task/task.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

void print(const json& row) {
    std::cout << row.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
}

// Dumps are read beside a stopped daemon, with the built-in kinds and whatever else is stored by name.
class Dump {
public:
    Dump(std::uint32_t index, const std::vector<std::string>& kinds)
        : index_(index), kinds_(kinds), setting_{schema_, areas_, pseudonyms_, {}, 1}, task_(setting_, 0) {}

    Result<void> read(store::TaskStore& store) {
        return store.load([this](std::string_view key, std::string_view value) -> Result<void> {
            if (key == pipeline::kPositionKey) position_ = pipeline::decode_position(value);
            if (key.front() == outbox::kRowPrefix) {
                const auto notice = outbox::decode_notice(index_, key, value);
                if (!notice) return notice.error();
                notices_.push_back(*notice);
                return {};
            }
            const bool of_pipeline = key == pipeline::kPositionKey || key == pipeline::kCaughtUpKey ||
                                     key.front() == intake::OriginFilter::kKeyPrefix ||
                                     key.front() == intake::ProgressTable::kKeyPrefix;
            if (of_pipeline) return {};
            return task_.load(key, value);
        });
    }

    void print_all() {
        if (wants("task")) {
            const Instant highest = task_.highest();
            print({{"task",
                    {{"task", index_},
                     {"partition", index_},
                     {"offset", position_ ? position_->next : 0},
                     {"clock", highest == kBeforeAll ? json() : json(format_rfc3339(highest))}}}});
        }
        if (wants("notice")) {
            for (const outbox::Notice& n : notices_)
                print({{"notice", {{"task", index_}, {"id", n.id}, {"receiver", receiver_name(n.receiver)}}}});
        }
        if (wants("profile")) print_profiles();
        if (wants("cell")) print_cells();
    }

private:
    [[nodiscard]] bool wants(const std::string& kind) const {
        return kinds_.empty() || std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end();
    }
    // "webhook/NAME/0" -> NAME
    static std::string receiver_name(const std::string& key) {
        const std::size_t first = key.find('/');
        return first == std::string::npos ? key : key.substr(first + 1, key.rfind('/') - first - 1);
    }

    void print_profiles() {
        task_.for_each_profile([&](std::string_view key, const ledger::Profile& profile, const task::States&) {
            json events = json::array();
            for (const ledger::Row& row : profile.rows()) {
                const bool declared = row.event.kind < schema_.kinds().size();
                events.push_back(
                    {format_rfc3339(row.event.time), declared ? schema_.kind_def(row.event.kind).name : "?"});
            }
            print({{"profile",
                    {{"task", index_}, {"customer", key.front() == 'c' ? key.substr(1) : ""}, {"events", events}}}});
        });
    }

    // A cell's people by bucket: those whose latest event lies in it.
    void print_cells() {
        task_.cells().for_each([&](std::string_view key, const ledger::Cell& cell) {
            const auto values = task::subject_values(key.substr(8));
            std::map<std::int64_t, std::int64_t> moved_on;
            for (const ledger::Bucket& b : cell.buckets()) {
                for (const auto& r : b.repeats) moved_on[b.index - r.distance] += r.n;
            }
            for (const ledger::Bucket& b : cell.buckets()) {
                const auto people = static_cast<std::int64_t>(b.persons) - moved_on[b.index];
                print({{"cell",
                        {{"task", index_},
                         {"area", values.empty() ? "" : values.front()},
                         {"subject", values},
                         {"bucket_index", b.index},
                         {"bucket", format_rfc3339(ledger::bucket_start(b.index, std::chrono::minutes(1)))},
                         {"count", b.events},
                         {"people", people}}}});
            }
        });
    }

    std::uint32_t index_;
    const std::vector<std::string>& kinds_;
    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    task::Setting setting_;
    task::Task task_;
    std::optional<pipeline::Position> position_;
    std::vector<outbox::Notice> notices_;
};

}  // namespace

int state_dump(const StateArguments& arguments) {
    const auto tasks = store::TaskStore::tasks_in(arguments.storage_path);
    if (tasks.empty()) {
        complain(arguments.storage_path + ": holds no task; is it the storage.path of a daemon?");
        return kExitFailed;
    }
    for (const std::uint32_t index : tasks) {
        auto store = store::TaskStore::open_read_only(store::TaskStore::directory_of(arguments.storage_path, index));
        if (!store) {
            complain(store.error().message);
            return kExitFailed;
        }
        Dump dump(index, arguments.kinds);
        const auto read = dump.read(**store);
        if (!read) {
            complain(read.error().message);
            return kExitFailed;
        }
        dump.print_all();
    }
    return kExitOk;
}

int state_rebuild(const StateArguments& arguments) {
    auto loaded = load_all(arguments.config_file, config::Purpose::kRun);
    if (!loaded) return kExitUnusableConfig;
    config::Config& config = loaded->config;
    if (!arguments.storage_path.empty()) config.storage.path = arguments.storage_path;
    const auto pseudonyms = Pseudonymizer::from_file(config.pseudonym_key_file);
    if (!pseudonyms) {
        complain("privacy.pseudonym_key_file: " + pseudonyms.error().message);
        return kExitUnusableConfig;
    }
    const auto rebuilt =
        pipeline::rebuild({config, loaded->rules, *pseudonyms, *arguments.task, arguments.clock == "event"});
    if (!rebuilt) {
        complain("state rebuild: " + rebuilt.error().message);
        return kExitFailed;
    }
    std::cerr << "task " << *arguments.task << ": rebuilt from offsets " << rebuilt->from << " to " << rebuilt->next
              << "; " << rebuilt->transitions << " transitions of all tasks were told to nobody\n";
    if (rebuilt->from > 0)
        std::cerr << "records before offset " << rebuilt->from
                  << " were not there to be read: what they counted is missing\n";
    return kExitOk;
}

}  // namespace tocsin::app
