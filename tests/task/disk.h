#pragma once
/// What tasks have on disk, kept in memory: a restart reads it back.

#include <map>
#include <string>
#include <string_view>

#include "task/task.h"
#include "tocsin/write_batch.h"

namespace tocsin::task {

using Rows = std::map<std::string, std::string>;  // value by key

struct Disk {
    Rows& rows;
    void put(std::string_view k, std::string_view v) { rows[std::string(k)] = v; }
    void del(std::string_view k) { rows.erase(std::string(k)); }
};

/// What the task has to write since the last time.
inline void put_on_disk(Task& task, Rows& rows) {
    WriteBatch batch;
    task.write(batch);
    batch.for_each(Disk{rows});
}

}  // namespace tocsin::task
