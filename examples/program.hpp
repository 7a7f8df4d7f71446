// What all programs here share. Flags: their own, and --backend, --threads, --verbose, --version,
// --help. Results go to standard output; standard error stays empty unless it is a terminal or
// --verbose is given. Whatever is wrong is one line there, and exit status 2.
#pragma once

#include <reckon/kernels/reference.hpp>
#include <reckon/ops/kernel_table.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

class program {
  public:
    /// What this build has; the first is the default.
    static constexpr std::string_view backends[] = {"reference"};
    /// What the CPU and the environment's RECKON_MAX_ISA leave to the SIMD kernels.
    static std::string instruction_set() { return "base"; }

    program(const std::string& name, const std::string& description);
    ~program();

    void text(const char* flag, std::string& value, const std::string& help);     // must be given
    void text_or(const char* flag, std::string& value, const std::string& help);  // has a default
    void number(const char* flag, reckon::idx& value, const std::string& help);   // must be given

    /// main: `work(ctx)` runs with a context of the backend that the user chose.
    template <class Work> int run(int argc, char** argv, const Work& work) {
        return guarded(argc, argv, [&] { on_backend(backend_, work); });
    }

    /// The same for any backend of this build, such as one after the other.
    template <class Work> void on_backend(const std::string& backend, const Work& work) const {
        if (backend == "reference") call<reckon::cpu_reference>(work);
    }

    bool verbose() const { return verbose_; }

  private:
    template <class Tag, class Work> void call(const Work& work) const {
        reckon::context<Tag> ctx{{.threads = threads_}};
        if (verbose_)
            for (const auto& [op, backend] : reckon::kernel_table<Tag>)
                std::cerr << op << ": " << backend << '\n';
        work(ctx);
    }

    void add_shared_flags();
    int guarded(int argc, char** argv, const std::function<void()>& work);

    struct flags;
    std::unique_ptr<flags> flags_;
    std::string name_, backend_;
    reckon::idx threads_ = 1;
    bool verbose_ = false;
};
