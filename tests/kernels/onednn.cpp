// What the oneDNN backend promises beyond its conformance rows.
#include "conformance.hpp"

#include <reckon/core/matrix.hpp>
#include <reckon/kernels/onednn.hpp>
#include <reckon/ops/linear.hpp>

#include <atomic>
#include <utility>

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

// brgemm sums bytes exactly where VNNI does, and multiplies bf16 where AVX-512 does.
TEST_CASE("packed bf16 and int8 are oneDNN's where its products of them are fast and exact") {
    context<cpu_onednn<>> ctx;
    using packing = cpu_onednn<>::packing;
    const auto isa = unsigned(dnnl_get_effective_cpu_isa());
    const auto has = [&](unsigned set) { return (isa & set) == set; };
    for (const idx in : sizes{256, 312}) {  // and with depth that is filled up
        const matrix<bf16> pairs(96, in);
        const int8_matrix<> bytes(96, in);
        packing::bf16::matrix packed_pairs(96, in);
        packing::int8::matrix packed_bytes(96, in);
        packing::bf16::pack(ctx, pairs.look(), packed_pairs);
        packing::int8::pack(ctx, bytes.look(), packed_bytes);
        const bool own_pairs = packed_pairs.look().data != nullptr;
        const bool own_bytes = packed_bytes.look().data != nullptr;
        CHECK((packed_pairs.look().below.data == nullptr) == own_pairs);
        CHECK((packed_bytes.look().below.values.data == nullptr) == own_bytes);
        if (has(dnnl_cpu_isa_avx512_core_vnni)) CHECK(own_bytes);
        if (has(dnnl_cpu_isa_avx512_core_bf16)) CHECK(own_pairs);
        if (!has(dnnl_cpu_isa_avx512_core_vnni) && !has(dnnl_cpu_isa_avx2_vnni)) CHECK(!own_bytes);
        if (!has(dnnl_cpu_isa_avx512_core)) CHECK(!own_pairs);
    }
}

TEST_CASE("packed bf16 and int8 give the same bits on two threads as on one") {
    numbers x(1, 333, 96), weight(2, 80, 96), bias(3, 1, 80);
    matrix<bf16> pairs(80, 96);
    int8_matrix<> bytes(80, 96);
    for (idx o = 0; o < 80; ++o) {
        bytes.scales.look()(0, o) = 0.01f;
        for (idx k = 0; k < 96; ++k) {
            pairs.look()(o, k) = bf16(weight.look()(o, k));
            bytes.values.look()(o, k) = std::int8_t(100 * weight.look()(o, k));
        }
    }
    context<cpu_onednn<>> one, two({.threads = 2});
    using packing = cpu_onednn<>::packing;
    packing::bf16::matrix packed_pairs(80, 96);
    packing::int8::matrix packed_bytes(80, 96);
    packing::bf16::pack(one, std::as_const(pairs).look(), packed_pairs);
    packing::int8::pack(one, bytes.look(), packed_bytes);
    const auto scope = one.scope();
    const auto other = two.scope();
    const auto same = [&](const auto& w) {
        const epilogue<float> e{bias.look(), activation::silu};
        CHECK(values_of(ops::linear(one, x.look(), w, e)) ==
              values_of(ops::linear(two, x.look(), w, e)));
    };
    same(packed_pairs.look());
    same(packed_bytes.look());
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
