#include "base/files.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace tocsin {

Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    std::error_code is_odd;
    if (!in || std::filesystem::is_directory(file, is_odd)) {
        return reject(file.string() + ": cannot be read: " + (in ? "it is a directory" : std::strerror(errno)));
    }
    std::string text;
    char buffer[65536];
    while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
        text.append(buffer, static_cast<std::size_t>(in.gcount()));
        if (text.size() > bytes_max) {
            return reject(file.string() + ": longer than " + std::to_string(bytes_max) + " bytes");
        }
    }
    return text;
}

struct LineReader::File {
    gzFile handle = nullptr;
    std::string buffer;
    std::size_t at = 0;
    bool ended = false;
    ~File() { gzclose(handle); }
};

LineReader::LineReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

Result<LineReader> LineReader::open(const std::filesystem::path& path) {
    errno = 0;
    auto file = std::make_unique<File>();
    file->handle = gzopen(path.c_str(), "rb");
    std::error_code is_odd;
    const bool is_folder = std::filesystem::is_directory(path, is_odd);
    if (file->handle == nullptr || is_folder) {
        return reject(path.string() + ": cannot be read: " + (is_folder ? "it is a directory" : std::strerror(errno)));
    }
    gzbuffer(file->handle, 1 << 18);
    return LineReader(std::move(file));
}

bool LineReader::next(std::string& line) {
    line.clear();
    File& f = *file_;
    for (;;) {
        const std::size_t end = f.buffer.find('\n', f.at);
        if (end != std::string::npos) {
            line.append(f.buffer, f.at, end - f.at);
            f.at = end + 1;
            return true;
        }
        line.append(f.buffer, f.at);
        f.buffer.clear();
        f.at = 0;
        if (line.size() > kLineBytesMax) {
            status_ = reject("a line is longer than " + std::to_string(kLineBytesMax) + " bytes");
            return false;
        }
        if (f.ended) return !line.empty();
        f.buffer.resize(1 << 18);
        const int got = gzread(f.handle, f.buffer.data(), static_cast<unsigned>(f.buffer.size()));
        f.buffer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (got <= 0) {
            f.ended = true;
            int code = Z_OK;
            const char* reason = gzerror(f.handle, &code);
            if (code != Z_OK && code != Z_STREAM_END) {
                status_ = reject(std::string("cannot be read on: ") + reason);
                return false;
            }
        }
    }
}

}  // namespace tocsin
