// Tests that lack what they need end early and are counted as skipped:
//     const auto weights = test_support::data("sasrec ranks Beauty", "iclrec/Beauty.txt");
//     if (!weights) return;
// In CI, data that should be there is a failure instead.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string_view>

namespace test_support {

/// One line `skipped: NAME: REASON` on standard output, by which ctest counts the running test as
/// skipped; the test returns next.
void skip(std::string_view name, std::string_view reason);

std::filesystem::path source_folder();
/// The data beside the project: `../shared/data`, or what RECKON_DATA names.
std::filesystem::path data_folder();
/// What cmake/bootstrap.sh fetches: `build/data`.
std::filesystem::path model_folder();

/// A file of data_folder() or, with CI=true, of a data folder that exists, a failure.
std::optional<std::filesystem::path> data(std::string_view test, std::string_view file);
/// A file of model_folder(); always there with CI=true.
std::optional<std::filesystem::path> fetched(std::string_view test, std::string_view file);

}  // namespace test_support
