// Folders that tests write to: empty, and gone when the program ends.
#pragma once

#include <filesystem>
#include <string>

#include <unistd.h>

namespace test_support {

/// The path of an empty folder of this name, one for this process.
inline std::string scratch_folder(const std::string& name) {
    static const struct root {
        std::filesystem::path path =
            std::filesystem::temp_directory_path() / ("reckon-tests-" + std::to_string(::getpid()));
        ~root() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    } all;
    const auto own = all.path / name;
    std::filesystem::remove_all(own);
    std::filesystem::create_directories(own);
    return own.string();
}

}  // namespace test_support
