#include <reckon/io/atomic_file.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <stdexcept>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

using namespace reckon;

namespace {

void put(atomic_file& file, std::string_view text) { file.write(std::as_bytes(std::span{text})); }
void write_text(const std::string& path, std::string_view text) {
    atomic_file file{path};
    put(file, text);
    file.commit();
}

/// Files of this process may not grow beyond `bytes` while it stands: a full disk.
class small_disk {
  public:
    explicit small_disk(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_);
    }

  private:
    rlimit before_{};
    void (*signal_)(int);
};

}  // namespace

TEST_CASE("a committed file holds what was written, and nothing stands beside it") {
    const temporary_folder folder;
    write_text(folder.file("x"), "old");
    atomic_file file{folder.file("x")};
    put(file, "first ");
    put(file, "second");
    CHECK(read_text(folder.file("x")) == "old");
    file.commit();
    CHECK(read_text(folder.file("x")) == "first second");
    CHECK(folder.content() == std::vector<std::string>{"x"});
}

TEST_CASE("a new file may be read by those whom the user's mask allows") {
    const temporary_folder folder;
    write_text(folder.file("x"), "text");
    const mode_t mask = ::umask(0);
    ::umask(mask);
    struct stat status {};
    REQUIRE(::stat(folder.file("x").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("a writer that gives up leaves the old file and no other") {
    const temporary_folder folder;
    write_text(folder.file("x"), "old");
    try {
        atomic_file file{folder.file("x")};
        put(file, "half of the ne");
        throw std::runtime_error("the caller's own trouble");
    } catch (const std::runtime_error&) {
    }
    CHECK(read_text(folder.file("x")) == "old");
    CHECK(folder.content() == std::vector<std::string>{"x"});
}

TEST_CASE("a disk that is full leaves the old file and no other") {
    const temporary_folder folder;
    write_text(folder.file("x"), "old");
    std::string message;
    {
        const small_disk disk{1000};
        message = message_of([&] { write_text(folder.file("x"), std::string(5000, 'n')); });
    }
    CHECK(message ==
          "write: " + folder.file("x") + ": expected room for the file, got File too large");
    CHECK(read_text(folder.file("x")) == "old");
    CHECK(folder.content() == std::vector<std::string>{"x"});
}

TEST_CASE("a folder that is not there is named, and so is a name that is a folder") {
    const temporary_folder folder;
    const std::string lost = folder.file("no/such/x");
    CHECK(message_of([&] { write_text(lost, "text"); }) ==
          "write: " + lost + ": expected a folder to write to, got No such file or directory");
    std::filesystem::create_directory(folder.file("taken"));
    CHECK(message_of([&] {
              write_text(folder.file("taken"), "text");
          }).find("a name to write to") != std::string::npos);
    CHECK(folder.content() == std::vector<std::string>{"taken"});
}

TEST_CASE("writers of one file at the same time leave one whole file") {
    const temporary_folder folder;
    std::vector<std::thread> threads;
    for (char letter : {'a', 'b', 'c', 'd'})
        threads.emplace_back([&folder, letter] {
            for (int round = 0; round < 10; ++round)
                write_text(folder.file("x"), std::string(20'000, letter));
        });
    for (std::thread& thread : threads) thread.join();
    const std::string text = read_text(folder.file("x"));
    CHECK(text == std::string(20'000, text.front()));
    CHECK(folder.content() == std::vector<std::string>{"x"});
}
