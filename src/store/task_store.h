#pragma once
/// The durable copy of one task: one RocksDB, one write per commit. The only user of RocksDB.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "tocsin/result.h"
#include "tocsin/write_batch.h"

namespace tocsin::store {

/// Which memtable takes the writes. kVector is the cheapest to fill and must never be read (performance figures in
/// docs/decisions/0004): the daemon reads only right after opening. kSkipList is RocksDB's default.
enum class Memtable : std::uint8_t { kVector, kSkipList };

struct StoreOptions {
    Memtable memtable = Memtable::kVector;
    std::size_t write_buffer_bytes = 16 << 20;
    /// After each sync, write `SYNCED` beside the database: name and length of the log file that is safe now. For the
    /// crash tests, which cut only what lies behind it.
    bool mark_synced = false;
    /// Told how long each "commit" and "sync" took, in seconds; may be empty.
    std::function<void(const char* operation, double seconds)> watch{};
};

struct StoreStats {
    std::uint64_t bytes_on_disk = 0;
    bool stalled = false;  ///< writes are being slowed down or stopped
};

/// Owned and used by one thread. Errors: kRetry, the disk is full; kFatal, the files are damaged: restore them.
class TaskStore {
public:
    static constexpr std::uint32_t kFormat = 1;

    /// Makes the directory if need be. Errors besides the above: kReject, another process has it open; written by a
    /// newer version.
    static Result<std::unique_ptr<TaskStore>> open(const std::filesystem::path& directory, const StoreOptions& options);
    /// Opens without the right to write, beside a stopped daemon.
    static Result<std::unique_ptr<TaskStore>> open_read_only(const std::filesystem::path& directory);
    ~TaskStore();

    /// Every entry in the order of the keys, once, right after opening. Stops at the first error of `visit`.
    Result<void> load(const std::function<Result<void>(std::string_view key, std::string_view value)>& visit);
    /// One atomic write, in the log but not forced to disk: a crash of the process keeps it, of the machine may not.
    Result<void> commit(const WriteBatch& batch);
    /// Everything committed so far survives a crash of the machine.
    Result<void> sync();
    /// Reads all data and checks its checksums. Slow.
    Result<void> verify();

    [[nodiscard]] StoreStats stats() const;

    /// The task directories below `root`, by number: "task-<n>".
    static std::vector<std::uint32_t> tasks_in(const std::filesystem::path& root);
    static std::filesystem::path directory_of(const std::filesystem::path& root, std::uint32_t task);

private:
    struct Database;
    explicit TaskStore(std::unique_ptr<Database> database);
    Result<void> check_format(bool may_write);
    void mark_synced();
    std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
