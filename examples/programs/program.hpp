// What all programs here share. Flags: their own, and --backend, --threads, --verbose, --version,
// --help. Results go to standard output; standard error stays empty unless it is a terminal or
// --verbose is given. Whatever is wrong is one line there, and exit status 2.
#pragma once

#include <reckon/backend/best_isa.hpp>
#include <reckon/cpu.hpp>
#ifdef RECKON_WITH_CUDA
#include <reckon/cuda.cuh>
#endif
#include <reckon/ops/kernel_table.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#if defined(RECKON_SIMD_COMPILED) || (defined(RECKON_WITH_XSIMD) && defined(__aarch64__))
#define PROGRAM_SIMD 1
#endif

class program {
  public:
    /// What this build has; the first is the default.
    static constexpr std::string_view backends[] = {
#ifdef RECKON_WITH_ONEDNN
        "onednn",
#endif
#ifdef PROGRAM_SIMD
        "simd",
#endif
#ifdef RECKON_WITH_EIGEN
        "eigen",
#endif
        "reference",
#ifdef RECKON_WITH_CUDA
        "cuda",
#endif
    };
    /// What the SIMD kernels use: the CPU's best, capped by the environment's RECKON_MAX_ISA.
    static reckon::isa instruction_set();

    program(const std::string& name, const std::string& description);
    ~program();

    void text(const char* flag, std::string& value, const std::string& help);     // must be given
    void text_or(const char* flag, std::string& value, const std::string& help);  // has a default
    void number(const char* flag, reckon::idx& value, const std::string& help);   // must be given
    void flag(const char* flag, bool& given, const std::string& help);            // false without
    void number_or(const char* flag, reckon::idx& value, const std::string& help);
    void real_or(const char* flag, float& value, const std::string& help);

    /// main: `work(ctx)` runs with a context of the backend that the user chose.
    template <class Work> int run(int argc, char** argv, const Work& work) {
        return guarded(argc, argv, [&] { on_backend(backend_, work); });
    }

    /// The same for any backend of this build, such as one after the other.
    template <class Work> void on_backend(std::string_view backend, const Work& work) const {
        using namespace reckon;
        if (backend == "reference") return call<cpu_reference>(work);
#ifdef RECKON_WITH_EIGEN
        if (backend == "eigen") return call<cpu_eigen<>>(work);
#endif
#ifdef PROGRAM_SIMD
        if (backend == "simd") return on_best_isa([&]<class Simd>() { call<Simd>(work); });
#endif
#ifdef RECKON_WITH_ONEDNN
        if (backend == "onednn")
            return on_best_isa([&]<class Simd>() { call<cpu_onednn<Simd>>(work); });
#endif
#ifdef RECKON_WITH_CUDA
        if (backend == "cuda") return call<gpu_cuda<>>(work);
#endif
        refuse_backend(backend);
    }

    const std::string& backend() const { return backend_; }
    reckon::idx threads() const { return threads_; }

  private:
    // cpu_simd for the best instruction set; without SIMD kernels, the reference.
    template <class F> static void on_best_isa(const F& f) {
        using namespace reckon;
#ifdef PROGRAM_SIMD
        const isa best = instruction_set();
#ifdef __aarch64__
        if (best == isa::neon64) return f.template operator()<cpu_simd<neon64>>();
#else
        if (best == isa::avx512) return f.template operator()<cpu_simd<avx512>>();
        if (best == isa::avx2) return f.template operator()<cpu_simd<avx2>>();
        if (best == isa::sse4_2) return f.template operator()<cpu_simd<sse4_2>>();
#endif
        fail("program", "CPU", "one with SSE4.2 (or --backend reference)", "another");
#else
        f.template operator()<cpu_reference>();
#endif
    }

    static void print(std::span<const reckon::kernel_row> kernels);
    [[noreturn]] static void refuse_backend(std::string_view backend);

    template <class Tag, class Work> void call(const Work& work) const {
        reckon::context<Tag> ctx{{.threads = threads_}};
        if (verbose_) print(reckon::kernel_table<Tag>);
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
