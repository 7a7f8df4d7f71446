// The one Catch2 main of the test programs. Prints the line of a skipped test when it ends, unless
// it failed after all: ctest would otherwise count the failure as a skip.
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "skip.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string pending;  // the line of the running test, empty if it skips nothing

struct skip_printer : Catch::TestEventListenerBase {
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo&) override { pending.clear(); }
    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        if (stats.totals.assertions.allOk()) std::cout << pending << std::flush;
    }
};

bool in_ci() {
    const char* ci = std::getenv("CI");
    return ci != nullptr && std::string_view{ci} == "true";
}

std::optional<std::filesystem::path> find(std::string_view test, const std::filesystem::path& file,
                                          bool required) {
    if (std::filesystem::exists(file)) return file;
    if (required) FAIL("CI has no " << file);
    test_support::skip(test, "no " + file.string());
    return std::nullopt;
}

}  // namespace

CATCH_REGISTER_LISTENER(skip_printer)

namespace test_support {

void skip(std::string_view name, std::string_view reason) {
    pending.append("skipped: ").append(name).append(": ").append(reason).append("\n");
}

std::filesystem::path source_folder() { return RECKON_SOURCE_DIR; }

std::filesystem::path data_folder() {
    const char* named = std::getenv("RECKON_DATA");
    return named != nullptr ? std::filesystem::path{named}
                            : source_folder().parent_path() / "shared" / "data";
}

std::filesystem::path model_folder() { return source_folder() / "build" / "data"; }

std::optional<std::filesystem::path> data(std::string_view test, std::string_view file) {
    return find(test, data_folder() / file, in_ci() && std::filesystem::exists(data_folder()));
}

std::optional<std::filesystem::path> fetched(std::string_view test, std::string_view file) {
    return find(test, model_folder() / file, in_ci());
}

}  // namespace test_support
