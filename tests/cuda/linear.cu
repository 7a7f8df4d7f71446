// A linear layer of generated weights on the GPU against the CPU reference, and copies both ways.
#include <reckon/cuda.cuh>

#include <reckon/core/matrix.hpp>
#include <reckon/core/random.hpp>
#include <reckon/ops/copy.hpp>
#include <reckon/ops/linear.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>

using namespace reckon;

namespace {

matrix<float> generated(idx rows, idx cols, std::uint64_t stream) {
    matrix<float> m(rows, cols);
    const philox random{42, stream};
    for (idx i = 0; i < m.size(); ++i) m.data()[i] = random.uniform(i, -1, 1);
    return m;
}

template <class C> view<float, device> on_device(C& ctx, const matrix<float>& m) {
    const auto there = ctx.make(m.rows(), m.cols());
    ops::copy(ctx, m.look(), there);
    return there;
}

/// max |a - b| / max |b|; a NaN counts as infinite.
double difference(view<const float> a, view<const float> b) {
    double most = 0, scale = 0;
    for (idx i = 0; i < a.size(); ++i) {
        const double d = std::fabs(double(a.data[i]) - double(b.data[i]));
        if (!(d <= most)) most = std::isnan(d) ? HUGE_VAL : d;
        scale = std::fmax(scale, std::fabs(double(b.data[i])));
    }
    return most / scale;
}

struct extents {
    idx rows, in, out;
};

int failures = 0;

void expect_close(const char* what, const extents& e, double off) {
    if (off <= 1e-5) return;
    std::printf("FAILED %s at %zu x %zu -> %zu: %g > 1e-5\n", what, e.rows, e.in, e.out, off);
    ++failures;
}

void check(context<gpu_cuda<>>& gpu, context<cpu_reference>& cpu, const extents& e, activation f) {
    const auto x = generated(e.rows, e.in, 1), w = generated(e.out, e.in, 2),
               bias = generated(1, e.out, 3);
    const auto cpu_scope = cpu.scope();
    auto input = cpu.make(e.rows, e.in);
    std::memcpy(input.data, x.data(), x.bytes());
    const auto expected = ops::linear(cpu, input, w.look(), {bias.look(), f});
    const auto without = ops::linear(cpu, input, w.look());

    const auto gpu_scope = gpu.scope();
    const auto there = on_device(gpu, x);
    const view<const float, device> weight = on_device(gpu, w), shift = on_device(gpu, bias);
    matrix<float> back(e.rows, e.out);
    ops::copy(gpu, view<const float, device>(ops::linear(gpu, there, weight, {shift, f})),
              back.look());
    expect_close("linear", e, difference(back.look(), expected));
    ops::copy(gpu, view<const float, device>(ops::linear(gpu, there, weight)), back.look());
    expect_close("linear without bias", e, difference(back.look(), without));
}

}  // namespace

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
        std::printf("skipped: cuda linear: no GPU here\n");
        return 0;
    }
    context<gpu_cuda<>> gpu;
    context<cpu_reference> cpu;
    for (const extents& e : {extents{1, 1, 1}, {3, 5, 7}, {17, 64, 96}, {128, 768, 3072}})
        for (activation f : {activation::none, activation::relu, activation::gelu,
                             activation::gelu_tanh, activation::silu})
            check(gpu, cpu, e, f);
    if (failures == 0) std::printf("linear on the GPU agrees with the reference\n");
    return failures == 0 ? 0 : 1;
}
