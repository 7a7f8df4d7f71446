// A number that tells one file from another, as sixteen digits: FNV-1a of its bytes. It finds what
// was changed by accident, not what was made to deceive.
#pragma once

#include <reckon/io/mapped_file.hpp>

#include <cstdio>
#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

inline std::string hex_digits(std::uint64_t number) {
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

inline std::string file_digest(const std::string& path) {
    const mapped_file file{path};
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const std::byte b : file.bytes()) hash = (hash ^ std::uint8_t(b)) * 0x100000001b3u;
    return hex_digits(hash);
}

}}}  // namespace reckon::v0::RECKON_ISA
