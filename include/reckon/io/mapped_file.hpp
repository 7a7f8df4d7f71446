// A file's bytes as read-only memory (POSIX mmap): nothing is read before it is used, nothing is
// copied. The file must not shrink while it is mapped; replacing it by rename is safe.
#pragma once

#include <reckon/io/load_error.hpp>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The text of the last failed system call.
inline std::string system_message() { return std::generic_category().message(errno); }

/// Closes a file descriptor at the end of its scope.
class descriptor {
  public:
    explicit descriptor(int number) : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() {
        if (is_open()) ::close(number_);
    }

    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }

  private:
    int number_;
};

class mapped_file {
  public:
    mapped_file() = default;  // no file, no bytes

    explicit mapped_file(const std::string& path) {
        // O_NONBLOCK: opening a named pipe would otherwise wait for its writer.
        const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        struct stat status {};
        if (!file.is_open() || ::fstat(file.number(), &status) != 0) refuse(path, system_message());
        if (!S_ISREG(status.st_mode)) refuse(path, "a folder, pipe or device");
        const auto size = static_cast<std::size_t>(status.st_size);
        if (size == 0) return;  // mmap refuses empty ranges
        void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
        if (data == MAP_FAILED) refuse(path, system_message());
        bytes_ = {static_cast<const std::byte*>(data), size};
    }

    mapped_file(mapped_file&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    mapped_file& operator=(mapped_file&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~mapped_file() {
        if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }

    std::span<const std::byte> bytes() const { return bytes_; }

    /// Whole pages of this part leave the process's memory; whoever reads them reads the file
    /// again. What is no part of the file stays where it is.
    void let_go(std::span<const std::byte> part) const {
        if (bytes_.empty() || part.data() < bytes_.data()) return;
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const auto first = static_cast<std::size_t>(part.data() - bytes_.data());
        if (first > bytes_.size() || part.size() > bytes_.size() - first) return;
        const auto begin = (first + page - 1) / page * page;
        const auto end = (first + part.size()) / page * page;
        if (begin < end)
            ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
    }

  private:
    [[noreturn]] static void refuse(const std::string& path, const std::string& actual) {
        throw load_error("open", path, "a readable file", actual);
    }

    std::span<const std::byte> bytes_;
};

}}}  // namespace reckon::v0::RECKON_ISA
