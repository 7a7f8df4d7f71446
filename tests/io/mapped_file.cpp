#include <reckon/io/mapped_file.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

using namespace reckon;

TEST_CASE("a mapped file shows the bytes of the file") {
    const temporary_folder folder;
    const bytes content = raw_file("{}", 100'000);
    const mapped_file file{folder.file("x", content)};
    CHECK(std::equal(file.bytes().begin(), file.bytes().end(), content.begin(), content.end()));
}

TEST_CASE("an empty file has no bytes, and no file has none either") {
    const temporary_folder folder;
    CHECK(mapped_file{folder.file("empty", {})}.bytes().empty());
    CHECK(mapped_file{}.bytes().empty());
}

TEST_CASE("what is no readable file is an error with its path and reason") {
    const temporary_folder folder;
    const std::string absent = folder.file("absent");
    CHECK(message_of([&] { mapped_file{absent}; }) ==
          "open: " + absent + ": expected a readable file, got No such file or directory");
    CHECK(message_of([&] { mapped_file{folder.file(".")}; }).find("a folder, pipe or device") !=
          std::string::npos);
    const std::string pipe = folder.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_THROWS_AS(mapped_file{pipe}, load_error);  // and does not wait for a writer
}

TEST_CASE("a moved mapping keeps its address and is given back once") {
    const temporary_folder folder;
    mapped_file first{folder.file("mapped once", raw_file("{}", 1))};
    const std::byte* address = first.bytes().data();
    mapped_file second{std::move(first)};
    CHECK(second.bytes().data() == address);
    mapped_file third;
    third = std::move(second);
    CHECK(third.bytes().data() == address);
    CHECK(read_text("/proc/self/maps").find("mapped once") != std::string::npos);
    third = mapped_file{};
    CHECK(read_text("/proc/self/maps").find("mapped once") == std::string::npos);
}

TEST_CASE("what a mapping lets go of leaves memory and is read again from the file") {
    const temporary_folder folder;
    const bytes content = raw_file("{}", 8'000'000);
    const mapped_file file{folder.file("x", content)};
    const auto resident_pages = [] {
        std::istringstream numbers(read_text("/proc/self/statm"));
        long all = 0, resident = 0;
        numbers >> all >> resident;
        return resident;
    };
    const auto same = [&] {
        return std::equal(file.bytes().begin(), file.bytes().end(), content.begin(), content.end());
    };
    REQUIRE(same());
    const long before = resident_pages();
    file.let_go(file.bytes().subspan(1000, 6'000'000));
    CHECK(resident_pages() < before - 5'000'000 / ::sysconf(_SC_PAGESIZE));
    CHECK(same());

    bytes elsewhere = content;  // no part of the file
    file.let_go(elsewhere);
    mapped_file{}.let_go(elsewhere);
    CHECK(elsewhere == content);
}
