// Checkpoints made byte by byte, right and wrong, and a folder that goes away with the test.
#pragma once

#include <reckon/io/load_error.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

using bytes = std::vector<std::byte>;

inline bytes raw_file(std::uint64_t length, std::string_view header, std::size_t data) {
    bytes file(8 + header.size() + data);
    std::memcpy(file.data(), &length, 8);
    if (!header.empty()) std::memcpy(file.data() + 8, header.data(), header.size());
    for (std::size_t i = 0; i < data; ++i) file[8 + header.size() + i] = std::byte(i);
    return file;
}
/// A file of that header and as many bytes of data, which count up from 0.
inline bytes raw_file(std::string_view header, std::size_t data) {
    return raw_file(header.size(), header, data);
}

class temporary_folder {
  public:
    temporary_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "reckon-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) FAIL("no temporary folder");
        path_ = pattern;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { std::filesystem::remove_all(path_); }

    std::string file(std::string_view name) const { return (path_ / name).string(); }
    std::string file(std::string_view name, std::span<const std::byte> content) const {
        std::ofstream out{path_ / name, std::ios::binary};
        out.write(reinterpret_cast<const char*>(content.data()), std::streamsize(content.size()));
        return file(name);
    }
    /// The names of what is in it.
    std::vector<std::string> content() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator{path_})
            names.push_back(entry.path().filename());
        return names;
    }

  private:
    std::filesystem::path path_;
};

inline std::string read_text(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// The message of the error that `call` must end in.
template <class Call> std::string message_of(Call call) {
    try {
        call();
    } catch (const reckon::error& error) {
        return error.what();
    }
    FAIL("no error");
    return {};
}
