#include "store/task_store.h"

#include <rocksdb/db.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>

namespace tocsin::store {
namespace {

// Below every key of ours, which are letters.
constexpr std::string_view kFormatKey = "!format";
constexpr std::string_view kSyncKey = "!sync";

rocksdb::Slice slice(std::string_view s) {
    return {s.data(), s.size()};
}
std::string_view view(const rocksdb::Slice& s) {
    return {s.data(), s.size()};
}

/// Tells how long it has lived.
class Watch {
public:
    Watch(const StoreOptions& options, const char* operation) : options_(options), operation_(operation) {}
    ~Watch() {
        const auto took = std::chrono::steady_clock::now() - begin_;
        if (options_.watch) options_.watch(operation_, std::chrono::duration<double>(took).count());
    }

private:
    const StoreOptions& options_;
    const char* operation_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Error error_of(const rocksdb::Status& status, const std::string& directory) {
    if (status.IsNoSpace()) {
        return retry(directory + ": the disk is full; free some space, counting goes on by itself then");
    }
    if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
        return reject(directory + ": another process has the state open; stop the daemon first");
    }
    if (status.IsCorruption()) {
        return fatal(directory + ": damaged (" + status.ToString() +
                     "); restore the directory from a copy, or run `tocsin state rebuild`");
    }
    return fatal(directory + ": " + status.ToString());
}

rocksdb::Options database_options(const StoreOptions& ours) {
    rocksdb::Options o;
    o.create_if_missing = true;
    o.paranoid_checks = true;
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    o.write_buffer_size = ours.write_buffer_bytes;
    o.max_write_buffer_number = 4;
    o.max_background_jobs = 2;
    o.max_total_wal_size = ours.write_buffer_bytes * 4;
    // What is flushed is merged soon: not worth compressing before.
    o.compression_per_level = {rocksdb::kNoCompression};
    o.compression_per_level.resize(static_cast<std::size_t>(o.num_levels), rocksdb::kLZ4Compression);
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.keep_log_file_num = 5;
    o.max_open_files = 256;
    if (ours.memtable == Memtable::kVector) {
        o.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
        o.allow_concurrent_memtable_write = false;  // the vector cannot; there is one writer anyway
    }
    return o;
}

}  // namespace

struct TaskStore::Database {
    std::unique_ptr<rocksdb::DB> db;
    std::filesystem::path directory;
    StoreOptions options;
};

TaskStore::TaskStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
TaskStore::~TaskStore() = default;

Result<std::unique_ptr<TaskStore>> TaskStore::open(const std::filesystem::path& directory,
                                                   const StoreOptions& options) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed) return reject(directory.string() + ": cannot be made: " + failed.message() + "; check storage.path");
    auto database = std::make_unique<Database>();
    database->directory = directory;
    database->options = options;
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(database_options(options), directory.string(), &raw);
    if (!status.ok()) return error_of(status, directory.string());
    database->db.reset(raw);
    std::unique_ptr<TaskStore> store(new TaskStore(std::move(database)));
    auto checked = store->check_format(/*may_write=*/true);
    if (!checked) return std::move(checked).error();
    return store;
}

Result<std::unique_ptr<TaskStore>> TaskStore::open_read_only(const std::filesystem::path& directory) {
    auto database = std::make_unique<Database>();
    database->directory = directory;
    rocksdb::DB* raw = nullptr;
    rocksdb::Options options = database_options({Memtable::kSkipList});
    options.create_if_missing = false;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, directory.string(), &raw);
    if (!status.ok()) return error_of(status, directory.string());
    database->db.reset(raw);
    std::unique_ptr<TaskStore> store(new TaskStore(std::move(database)));
    auto checked = store->check_format(/*may_write=*/false);
    if (!checked) return std::move(checked).error();
    return store;
}

Result<void> TaskStore::check_format(bool may_write) {
    std::string stored;
    const rocksdb::Status status = database_->db->Get({}, slice(kFormatKey), &stored);
    const std::string here = database_->directory.string();
    if (status.IsNotFound()) {
        if (!may_write) return reject(here + ": holds no state of tocsin");
        rocksdb::WriteOptions options;
        options.sync = true;  // whatever happens from now on, the directory is known for what it is
        const rocksdb::Status put = database_->db->Put(options, slice(kFormatKey), std::to_string(kFormat));
        if (!put.ok()) return error_of(put, here);
        if (database_->options.mark_synced) mark_synced();
        return {};
    }
    if (!status.ok()) return error_of(status, here);
    std::uint32_t format = 0;
    std::from_chars(stored.data(), stored.data() + stored.size(), format);
    if (format != kFormat) {
        return reject(here + ": written in format " + stored + ", this version reads format " +
                      std::to_string(kFormat) + "; start the version that wrote it");
    }
    return {};
}

Result<void> TaskStore::load(const std::function<Result<void>(std::string_view, std::string_view)>& visit) {
    rocksdb::ReadOptions options;
    options.readahead_size = 4 << 20;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> it(database_->db->NewIterator(options));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
        if (view(it->key()).starts_with('!')) continue;
        auto seen = visit(view(it->key()), view(it->value()));
        if (!seen) return std::move(seen).context(database_->directory.string());
    }
    // An iterator that met a damaged block just stops: only its status tells.
    if (!it->status().ok()) return error_of(it->status(), database_->directory.string());
    return {};
}

Result<void> TaskStore::commit(const WriteBatch& batch) {
    struct Sink {
        rocksdb::WriteBatch batch;
        rocksdb::Status status;
        void keep(const rocksdb::Status& s) {
            if (!s.ok()) status = s;
        }
        void put(std::string_view key, std::string_view value) { keep(batch.Put(slice(key), slice(value))); }
        void del(std::string_view key) { keep(batch.Delete(slice(key))); }
    } sink{rocksdb::WriteBatch(batch.bytes() + batch.entries() * 8 + 64), {}};
    batch.for_each(sink);
    if (!sink.status.ok()) return error_of(sink.status, database_->directory.string());
    const Watch watch(database_->options, "commit");
    const rocksdb::Status status = database_->db->Write(rocksdb::WriteOptions(), &sink.batch);
    return status.ok() ? Result<void>() : error_of(status, database_->directory.string());
}

Result<void> TaskStore::sync() {
    // A write that is synced takes everything before it along. (SyncWAL has open bugs in 7.8 with manifest tracking.)
    rocksdb::WriteOptions options;
    options.sync = true;
    const Watch watch(database_->options, "sync");
    const rocksdb::Status status = database_->db->Put(options, slice(kSyncKey), "");
    if (!status.ok()) return error_of(status, database_->directory.string());
    if (database_->options.mark_synced) mark_synced();
    return {};
}

void TaskStore::mark_synced() {
    rocksdb::VectorLogPtr logs;
    if (!database_->db->GetSortedWalFiles(logs).ok() || logs.empty()) return;
    const std::filesystem::path path = database_->directory / logs.back()->PathName().substr(1);
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) return;
    const std::filesystem::path mark = database_->directory / "SYNCED";
    const std::filesystem::path fresh = database_->directory / "SYNCED.new";
    std::ofstream(fresh) << path.filename().string() << ' ' << bytes << '\n';
    std::filesystem::rename(fresh, mark, failed);
}

Result<void> TaskStore::verify() {
    const rocksdb::Status status = database_->db->VerifyChecksum();
    return status.ok() ? Result<void>() : error_of(status, database_->directory.string());
}

StoreStats TaskStore::stats() const {
    StoreStats stats;
    std::uint64_t value = 0;
    if (database_->db->GetIntProperty("rocksdb.total-sst-files-size", &value)) stats.bytes_on_disk = value;
    if (database_->db->GetIntProperty("rocksdb.is-write-stopped", &value)) stats.stalled = value != 0;
    if (database_->db->GetIntProperty("rocksdb.actual-delayed-write-rate", &value)) stats.stalled |= value != 0;
    return stats;
}

std::vector<std::uint32_t> TaskStore::tasks_in(const std::filesystem::path& root) {
    std::vector<std::uint32_t> tasks;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(root, failed)) {
        const std::string name = entry.path().filename().string();
        std::uint32_t n = 0;
        if (!name.starts_with("task-")) continue;
        const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), n);
        if (error == std::errc() && end == name.data() + name.size()) tasks.push_back(n);
    }
    std::sort(tasks.begin(), tasks.end());
    return tasks;
}

std::filesystem::path TaskStore::directory_of(const std::filesystem::path& root, std::uint32_t task) {
    return root / ("task-" + std::to_string(task));
}

}  // namespace tocsin::store
