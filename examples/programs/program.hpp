// What all programs here share. Flags: their own, and --backend, --threads, --verbose, --version,
// --help. Results go to standard output; standard error stays empty unless it is a terminal or
// --verbose is given. Whatever is wrong is one line there, and exit status 2.
#pragma once

#include <reckon/backend_by_name.hpp>
#include <reckon/ops/kernel_table.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

class program {
  public:
    /// What the SIMD kernels use: the CPU's best, capped by the environment's RECKON_MAX_ISA.
    static reckon::isa instruction_set();

    program(const std::string& name, const std::string& description);
    ~program();

    void text(const char* flag, std::string& value, const std::string& help);     // must be given
    void text_or(const char* flag, std::string& value, const std::string& help);  // has a default
    void texts(const char* flag, std::vector<std::string>& values,
               const std::string& help);  // none or more, each behind a flag of its own
    void number(const char* flag, reckon::idx& value, const std::string& help);  // must be given
    void flag(const char* flag, bool& given, const std::string& help);           // false without
    void count(const char* flag, reckon::idx& value,
               const std::string& help);  // has a default, from 1 on
    void number_or(const char* flag, reckon::idx& value, const std::string& help);
    void real_or(const char* flag, float& value, const std::string& help);

    /// main: `work(ctx)` runs with a context of the backend that the user chose.
    template <class Work> int run(int argc, char** argv, const Work& work) {
        return guarded(argc, argv, [&] { on_backend(backend_, work); });
    }

    /// The same for any backend of this build, such as one after the other.
    template <class Work> void on_backend(std::string_view backend, const Work& work) const {
        expect_backend(backend);
        reckon::with_backend(backend, [&]<class Tag>() {
            reckon::context<Tag> ctx{options()};
            if (verbose_) print(reckon::kernel_table<Tag>);
            work(ctx);
        });
    }

    /// Of the context that `run` makes, for programs that make another one.
    reckon::context_options options() const { return {.threads = threads_, .max_isa = cap()}; }
    const std::string& backend() const { return backend_; }
    reckon::idx threads() const { return threads_; }

  private:
    /// The environment's RECKON_MAX_ISA, or nothing.
    static std::string_view cap();
    static void expect_backend(std::string_view backend);
    static void print(std::span<const reckon::kernel_row> kernels);
    void add_shared_flags();
    int guarded(int argc, char** argv, const std::function<void()>& work);

    struct flags;
    std::unique_ptr<flags> flags_;
    std::string name_, backend_;
    reckon::idx threads_ = 1;
    bool verbose_ = false;
};
