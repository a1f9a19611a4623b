/// The real database in a temporary directory; damage is done to its files from outside.

#include "store/task_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <fstream>
#include <map>
#include <random>

namespace tocsin::store {
namespace {

namespace fs = std::filesystem;

class TaskStoreTest : public testing::TestWithParam<Memtable> {
protected:
    void SetUp() override {
        dir_ = fs::temp_directory_path() / ("tocsin-store-" + std::to_string(std::random_device{}()));
        fs::remove_all(dir_);
    }
    void TearDown() override { fs::remove_all(dir_); }

    std::unique_ptr<TaskStore> open() {
        auto store = TaskStore::open(dir_, options());
        EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
        return store.ok() ? std::move(store).value() : nullptr;
    }
    StoreOptions options() const {
        StoreOptions o;
        o.memtable = GetParam();
        o.mark_synced = true;
        return o;
    }
    static std::map<std::string, std::string> all(TaskStore& store) {
        std::map<std::string, std::string> rows;
        const auto done = store.load([&](std::string_view k, std::string_view v) {
            rows[std::string(k)] = v;
            return Result<void>();
        });
        EXPECT_TRUE(done.ok());
        return rows;
    }
    // Commits state and offset n together, as a task does.
    static void commit(TaskStore& store, int n) {
        WriteBatch batch;
        batch.put("p" + std::to_string(n), std::string(100, 'x'));
        batch.put("o", std::to_string(n));
        ASSERT_TRUE(store.commit(batch).ok());
    }
    fs::path newest(const std::string& extension) const {
        fs::path found;
        for (const auto& e : fs::directory_iterator(dir_)) {
            if (e.path().extension() == extension && (found.empty() || e.path() > found)) found = e.path();
        }
        return found;
    }
    fs::path dir_;
};

TEST_P(TaskStoreTest, WhatWasCommittedIsThereAfterReopening) {
    {
        auto store = open();
        for (int n = 1; n <= 3; ++n) commit(*store, n);
        WriteBatch batch;
        batch.del("p2");
        ASSERT_TRUE(store->commit(batch).ok());
    }
    auto store = open();
    const auto rows = all(*store);
    EXPECT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows.at("o"), "3");
    EXPECT_FALSE(rows.contains("p2"));
}

TEST_P(TaskStoreTest, ATornLogGivesAnEarlierCommitWholeWithItsOffset) {
    for (const std::uintmax_t cut : {1, 37, 150, 400, 1000}) {
        fs::remove_all(dir_);
        {
            auto store = open();
            for (int n = 1; n <= 20; ++n) commit(*store, n);
        }
        const fs::path log = newest(".log");
        ASSERT_FALSE(log.empty());
        fs::resize_file(log, fs::file_size(log) - cut);
        auto store = open();
        const auto rows = all(*store);
        const int offset = rows.contains("o") ? std::stoi(rows.at("o")) : 0;
        EXPECT_LT(offset, 20);
        EXPECT_EQ(rows.size(), offset == 0 ? 0u : static_cast<std::size_t>(offset) + 1) << "offset " << offset;
    }
}

TEST_P(TaskStoreTest, ANewStoreIsKnownForOneWhateverIsLostAfterwards) {
    {
        auto store = open();
        commit(*store, 1);
    }
    std::ifstream mark(dir_ / "SYNCED");
    std::string file;
    std::uintmax_t bytes = 0;
    ASSERT_TRUE(mark >> file >> bytes);
    fs::resize_file(dir_ / file, bytes);
    auto store = TaskStore::open_read_only(dir_);
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_TRUE(all(**store).empty());
}

TEST_P(TaskStoreTest, WhatWasSyncedSurvivesTheLossOfAllThatFollowed) {
    {
        auto store = open();
        for (int n = 1; n <= 10; ++n) commit(*store, n);
        ASSERT_TRUE(store->sync().ok());
        for (int n = 11; n <= 20; ++n) commit(*store, n);
    }
    std::ifstream mark(dir_ / "SYNCED");
    std::string file;
    std::uintmax_t bytes = 0;
    ASSERT_TRUE(mark >> file >> bytes);
    ASSERT_LT(bytes, fs::file_size(dir_ / file));
    fs::resize_file(dir_ / file, bytes);
    auto store = open();
    EXPECT_EQ(all(*store).at("o"), "10");
}

TEST_P(TaskStoreTest, ASecondProcessIsToldToStopTheDaemon) {
    auto store = open();
    const auto second = TaskStore::open(dir_, options());
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find("stop the daemon"), std::string::npos) << second.error().message;
}

TEST_P(TaskStoreTest, ReadingBesideAStoppedDaemonChangesNothing) {
    { commit(*open(), 1); }
    auto reader = TaskStore::open_read_only(dir_);
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(all(**reader).at("o"), "1");
    WriteBatch batch;
    batch.put("o", "2");
    EXPECT_FALSE((*reader)->commit(batch).ok());
}

TEST_P(TaskStoreTest, KeysOfTheDirectoryArePinned) {
    {
        auto store = open();
        ASSERT_TRUE(store->sync().ok());
    }
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::OpenForReadOnly({}, dir_.string(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> database(raw);
    std::map<std::string, std::string> rows;
    const std::unique_ptr<rocksdb::Iterator> it(database->NewIterator({}));
    for (it->SeekToFirst(); it->Valid(); it->Next()) rows[it->key().ToString()] = it->value().ToString();
    const std::map<std::string, std::string> expected = {{"!format", "1"}, {"!sync", ""}};
    EXPECT_EQ(rows, expected);
}

TEST_P(TaskStoreTest, ANewerFormatIsRefusedWithTheRemedy) {
    {
        auto store = open();
        WriteBatch batch;
        batch.put("!format", "99");
        ASSERT_TRUE(store->commit(batch).ok());
    }
    const auto store = TaskStore::open(dir_, options());
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().kind, ErrorKind::kReject);
    EXPECT_NE(store.error().message.find("format 99"), std::string::npos);
}

TEST_P(TaskStoreTest, DamagedDataIsAnErrorAndNeverAShorterAnswer) {
    {
        auto store = open();
        for (int n = 0; n < 2000; ++n) commit(*store, n);
    }
    { open(); }  // recovery writes the log into a table file
    const fs::path table = newest(".sst");
    ASSERT_FALSE(table.empty());
    {
        std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(fs::file_size(table) / 3));
        file.write("\xFF\xFF\xFF\xFF", 4);
    }
    const auto store = TaskStore::open(dir_, options());
    if (!store.ok()) return;  // found when opening: as good
    std::size_t rows = 0;
    const auto done = (*store)->load([&](std::string_view, std::string_view) {
        ++rows;
        return Result<void>();
    });
    EXPECT_FALSE(done.ok()) << rows << " rows";
    EXPECT_EQ(done.error().kind, ErrorKind::kFatal);
    EXPECT_FALSE((*store)->verify().ok());
}

TEST_P(TaskStoreTest, AnErrorOfTheVisitorEndsTheLoadAndNamesTheDirectory) {
    auto store = open();
    commit(*store, 1);
    const auto done = store->load([](std::string_view, std::string_view) -> Result<void> { return fatal("no"); });
    ASSERT_FALSE(done.ok());
    EXPECT_NE(done.error().message.find(dir_.filename().string()), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(EachMemtable, TaskStoreTest, testing::Values(Memtable::kVector, Memtable::kSkipList),
                         [](const auto& i) { return i.param == Memtable::kVector ? "Vector" : "SkipList"; });

TEST(TaskStoreDirectories, AreFoundByNumber) {
    const fs::path root = fs::temp_directory_path() / ("tocsin-tasks-" + std::to_string(std::random_device{}()));
    for (const char* name : {"task-10", "task-2", "task-x", "other"}) fs::create_directories(root / name);
    EXPECT_EQ(TaskStore::tasks_in(root), (std::vector<std::uint32_t>{2, 10}));
    EXPECT_EQ(TaskStore::directory_of(root, 3).filename(), "task-3");
    EXPECT_TRUE(TaskStore::tasks_in(root / "missing").empty());
    fs::remove_all(root);
}

}  // namespace
}  // namespace tocsin::store
