// The version of the headers: macros for the preprocessor, a constant for code. CMake reads them
// here.
#pragma once

#define RECKON_VERSION_MAJOR 0
#define RECKON_VERSION_MINOR 1
#define RECKON_VERSION_PATCH 0
#define RECKON_VERSION \
    (RECKON_VERSION_MAJOR * 10000 + RECKON_VERSION_MINOR * 100 + RECKON_VERSION_PATCH)

namespace reckon { inline namespace v0 {

struct version_number {
    int major, minor, patch;
};
inline constexpr version_number version{RECKON_VERSION_MAJOR, RECKON_VERSION_MINOR,
                                        RECKON_VERSION_PATCH};

}}  // namespace reckon::v0
