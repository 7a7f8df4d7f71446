// A file that appears whole or not at all: written under a temporary name in its folder, then
// renamed (POSIX). Until `commit` returns, the old file of that name stands untouched; a writer
// that gives up leaves nothing behind.
#pragma once

#include <reckon/io/load_error.hpp>
#include <reckon/io/mapped_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class atomic_file {
  public:
    explicit atomic_file(std::string path) : path_(std::move(path)), file_(create()) {}
    atomic_file(const atomic_file&) = delete;
    atomic_file& operator=(const atomic_file&) = delete;
    ~atomic_file() {
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto written = ::write(file_.number(), bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) refuse("room for the file");
            bytes = bytes.subspan(std::size_t(written));
        }
    }

    /// The data reaches the disk before the name does, and the name before this returns.
    void commit() {
        if (::fsync(file_.number()) != 0) refuse("room for the file");
        if (std::rename(temporary_.c_str(), path_.c_str()) != 0) refuse("a name to write to");
        temporary_.clear();
        const descriptor folder{
            ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!folder.is_open() || ::fsync(folder.number()) != 0)
            refuse("a folder that can be synced");
    }

  private:
    static std::string folder_of(const std::string& path) {
        const auto slash = path.rfind('/');
        return slash == path.npos ? "." : path.substr(0, slash + 1);
    }

    /// Writers of the same file at the same time take different numbers; the last to commit wins.
    descriptor create() {
        for (int number = 0;; ++number) {
            temporary_ = path_ + ".partial" + std::to_string(number);
            descriptor file{
                ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
            if (file.is_open()) return file;
            if (errno != EEXIST || number == 1000) {
                temporary_.clear();  // not ours
                refuse("a folder to write to");
            }
        }
    }

    [[noreturn]] void refuse(const char* expected) const {
        throw load_error("write", path_, expected, system_message());
    }

    std::string path_, temporary_;
    descriptor file_;
};

}}}  // namespace reckon::v0::RECKON_ISA
