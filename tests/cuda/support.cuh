// What the programs here share: generated numbers, a GPU's context beside the reference's, and the
// comparison of the two. Nothing but the library, the standard library and nvcc.
#pragma once

#include "../support/tolerance.hpp"

#include <reckon/convert/copy_to.hpp>
#include <reckon/core/random.hpp>
#include <reckon/cuda.cuh>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using namespace reckon;
using test_support::tolerance;
using numbers = std::vector<std::int32_t>;

inline bool gpu_here(const char* program) {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) == cudaSuccess && devices != 0) return true;
    std::printf("skipped: cuda %s: no GPU here\n", program);
    return false;
}

inline matrix<float> generated(std::uint64_t stream, idx rows, idx cols, float spread = 1) {
    matrix<float> m(rows, cols);
    const philox random{42, stream};
    for (idx i = 0; i < m.size(); ++i) m.data()[i] = random.uniform(i, -spread, spread);
    return m;
}

/// Every parameter uniform in [-spread, spread).
template <class Model> Model with_generated_weights(Model model, float spread = 0.5f) {
    std::uint64_t stream = 100;
    walk_all(
        [&](const path&, matrix<float>& p) {
            const auto m = generated(stream++, p.rows(), p.cols(), spread);
            std::memcpy(p.data(), m.data(), p.bytes());
        },
        model);
    return model;
}

inline numbers offsets_of(const numbers& lengths) {
    numbers offsets{0};
    for (std::int32_t n : lengths) offsets.push_back(offsets.back() + n);
    return offsets;
}

/// `count` ids below `bound`.
inline numbers generated_ids(std::uint64_t stream, idx count, std::uint32_t bound) {
    numbers ids;
    const philox random{42, stream};
    for (idx i = 0; i < count; ++i) ids.push_back(std::int32_t(random.below(i, bound)));
    return ids;
}

/// A tensor that an op may overwrite.
template <class C> tensor_of<C> fresh(C& ctx, const matrix<float>& from) {
    const auto y = ctx.make(from.rows(), from.cols());
    if constexpr (std::same_as<typename C::space, host>) {
        if (y.size() != 0) std::memcpy(y.data, from.data(), from.bytes());
    } else {
        ops::copy(ctx, from.look(), y);
    }
    return y;
}

template <class C> std::vector<float> values_of(C& ctx, view<const float, typename C::space> y) {
    std::vector<float> values(y.size());
    copy_back(ctx, y, view<float>{values.data(), y.rows, y.cols});
    return values;
}

struct both {
    context<gpu_cuda<>> gpu;
    context<cpu_reference> cpu;
    int compared = 0, failures = 0;

    void expect(bool holds, const std::string& what) {
        ++compared;
        if (holds) return;
        std::printf("FAILED %s\n", what.c_str());
        ++failures;
    }

    /// op(ctx) gives the same tensor on both.
    template <class Op>
    void agree(const std::string& what, const Op& op, double tolerated = tolerance::op) {
        try {
            const auto here = cpu.scope();
            const auto there = gpu.scope();
            const auto expected = values_of(cpu, op(cpu)), actual = values_of(gpu, op(gpu));
            const double off = test_support::relative_difference<float>(actual, expected);
            expect(off <= tolerated, what + ": differs by " + std::to_string(off / tolerated) +
                                         " times the tolerance");
        } catch (const error& wrong) {
            expect(false, what + ": " + wrong.what());
        }
    }

    /// op(gpu) and the copy behind it raise this error, and the context serves on.
    template <class Op> void refuse(const std::string& sentence, const Op& op) {
        std::string said = "nothing";
        try {
            const auto scope = gpu.scope();
            op(gpu);
            gpu.state().wait();
        } catch (const error& wrong) {
            said = wrong.what();
        }
        expect(said == sentence, "expected the error \"" + sentence + "\", got \"" + said + '"');
        agree("after an error", [](auto& ctx) { return fresh(ctx, generated(1, 3, 5)); });
    }

    int report(const char* program) const {
        std::printf("cuda %s: %d comparisons, %d failed\n", program, compared, failures);
        return failures == 0 ? 0 : 1;
    }
};
