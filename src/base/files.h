#pragma once
/// Reading whole files, and long files line by line.

#include <filesystem>
#include <memory>
#include <string>

#include "tocsin/result.h"

namespace tocsin {

/// Errors: kReject, with the system's reason; also if the file is longer than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max);

/// The lines of a plain or gzip file. Owned by one thread.
class LineReader {
public:
    static constexpr std::size_t kLineBytesMax = 16 << 20;

    static Result<LineReader> open(const std::filesystem::path& file);
    LineReader(LineReader&&) noexcept;
    LineReader& operator=(LineReader&&) noexcept;
    ~LineReader();

    /// The next line without its line break. False at the end, or after an error: status() tells which.
    bool next(std::string& line);
    /// Errors: kReject, a damaged archive, a read error, a line longer than kLineBytesMax.
    [[nodiscard]] Result<void> status() const { return status_; }

private:
    struct File;
    explicit LineReader(std::unique_ptr<File> file);
    std::unique_ptr<File> file_;
    Result<void> status_;
};

}  // namespace tocsin
