// What the oneDNN backend promises beyond its conformance rows.
#ifdef RECKON_WITH_ONEDNN
#include "conformance.hpp"

#include <reckon/kernels/onednn.hpp>
#include <reckon/ops/linear.hpp>

#include <atomic>

using namespace conformance;

namespace {
std::atomic<long> teams{0};
}

// OpenMP's entry to every parallel region, interposed.
extern "C" void GOMP_parallel(void (*work)(void*), void* data, unsigned threads, unsigned flags) {
    ++teams;
    using entry = void (*)(void (*)(void*), void*, unsigned, unsigned);
    reinterpret_cast<entry>(dlsym(RTLD_NEXT, "GOMP_parallel"))(work, data, threads, flags);
}

TEST_CASE("pieces cover the rows exactly, the largest first") {
    for (idx rows = 0; rows <= 300; ++rows) {
        const onednn::pieces cut(rows);
        idx covered = 0, before = onednn::pieces::largest;
        for (idx i = 0; i < cut.count(); ++i) {
            CHECK(cut[i].begin == covered);
            CHECK(cut[i].rows <= before);
            CHECK(onednn::pieces::sizes[onednn::pieces::kind(cut[i].rows)] == cut[i].rows);
            covered += before = cut[i].rows;
        }
        CHECK(covered == rows);
    }
    CHECK(onednn::pieces(63).count() == 4);  // 32 + 16 + 8 + 7
}

TEST_CASE("oneDNN starts no team of OpenMP threads and leaves the program's number alone") {
    const onednn::omp_threads omp;
    if (omp.set == nullptr) {
        test_support::skip("oneDNN starts no team", "this oneDNN is built without OpenMP");
        return;
    }
    const int before = omp.get();
    omp.set(4);
    numbers x(1, 200, 256), w(2, 512, 256), bias(3, 1, 512);
    for (const idx threads : {idx{1}, idx{2}}) {
        context<cpu_onednn<>> ctx({.threads = threads});
        onednn_packing::matrix packed(512, 256);
        teams = 0;
        onednn_packing::pack(ctx, w.look(), packed);
        const auto scope = ctx.scope();
        ops::linear(ctx, x.look(), packed.look(), {bias.look(), activation::gelu});
        ops::linear(ctx, x.look(), view<const float>{w.look()}, {bias.look(), activation::gelu});
        CHECK(teams == 0);
        CHECK(omp.get() == 4);
    }
    omp.set(before);
}

TEST_CASE("oneDNN computes the same bits on two threads as on one") {
    numbers x(1, 333, 96), w(2, 80, 96), bias(3, 1, 80);
    context<cpu_onednn<>> one, two({.threads = 2});
    const auto scope = one.scope();
    const auto other = two.scope();
    const view<const float> weight = w.look();
    CHECK(values_of(ops::linear(one, x.look(), weight, {bias.look(), activation::silu})) ==
          values_of(ops::linear(two, x.look(), weight, {bias.look(), activation::silu})));
}

TEST_CASE("products of equal sizes but other strides, bias or activation do not share primitives") {
    numbers narrow(1, 5, 32), wide(1, 5, 32, -1, 1, 7), w(2, 16, 32), bias(3, 1, 16);
    const view<const float> weight = w.look();
    context<cpu_onednn<>> ctx;
    context<cpu_reference> reference;
    const auto scope = ctx.scope();
    const auto plain = reference.scope();
    for (auto* x : {&narrow, &wide})
        for (const epilogue<float>& e : {epilogue<float>{}, epilogue<float>{bias.look()},
                                         epilogue<float>{bias.look(), activation::relu},
                                         epilogue<float>{{}, activation::silu}})
            CHECK(test_support::relative_difference(
                      values_of(ops::linear(ctx, x->look(), weight, e)),
                      values_of(ops::linear(reference, x->look(), weight, e))) <=
                  test_support::tolerance::op);
}

TEST_CASE("oneDNN refuses a weight without rows or columns") {
    context<cpu_onednn<>> ctx;
    const auto scope = ctx.scope();
    numbers x(1, 2, 4);
    CHECK_THROWS_WITH(ops::linear(ctx, x.look(), view<const float>{nullptr, 0, 4}),
                      "linear: w: expected at least one row and column, got 0");
    onednn_packing::matrix packed(0, 4);
    CHECK_THROWS_WITH(onednn_packing::pack(ctx, view<const float>{nullptr, 0, 4}, packed),
                      "linear: w: expected at least one row and column, got 0");
}
#endif
