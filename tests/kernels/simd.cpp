#include "conformance.hpp"

#include <reckon/ops/kernel_table.hpp>

#if defined(RECKON_WITH_XSIMD) || defined(RECKON_SIMD_COMPILED)

#include <cstring>

using namespace conformance;

namespace {

// the arch of whichever row there is: all have the same kernels
#if defined(__aarch64__)
using any_arch = neon64;
#else
using any_arch = sse4_2;
#endif

template <class Arch> void refused_or_here() {
    if (Arch::here())
        CHECK_NOTHROW(context<cpu_simd<Arch>>{});
    else
        CHECK_THROWS_WITH(context<cpu_simd<Arch>>{},
                          Catch::Contains(std::string{"a CPU with "} + Arch::name));
}

}  // namespace

TEST_CASE("simd serves every op but those that make rows from indices, and the binary loss") {
    for (const kernel_row& row : kernel_table<cpu_simd<any_arch>>) {
        const std::string op = row.op;
        INFO(op);
        const bool others =
            op == "positions" || op == "rope_angles" || op == "binary_cross_entropy";
        CHECK(row.backend == std::string{others ? "reference" : "simd"});
    }
}

TEST_CASE("in a context of doubles simd's float kernels leave the work to the reference") {
    context<cpu_simd<any_arch>, double> ctx;
    context<cpu_reference, double> reference;
    double x[] = {0.1, 0.2, 0.3};
    const auto gelu = [&](auto& c) { return ops::gelu(c, view<double>{x, 1, 3}); };
    CHECK(std::memcmp(gelu(ctx).data, gelu(reference).data, sizeof x) == 0);
}

#ifdef RECKON_SIMD_COMPILED
TEST_CASE("a context refuses a CPU that lacks its instruction set", "[smallest]") {
    refused_or_here<sse4_2>();
    refused_or_here<avx2>();
    refused_or_here<avx512>();
}

TEST_CASE("two instruction sets may stack: the upper one serves") {
    if (!avx2::here()) return test_support::skip("two instruction sets", "this CPU lacks avx2");
    context<cpu_simd<avx2, cpu_simd<sse4_2>>> stacked;
    context<cpu_simd<avx2>> alone;
    numbers x(1, 3, 40);
    const auto silu = [&](auto& c) { return values_of(ops::silu(c, x.look())); };
    CHECK(silu(stacked) == silu(alone));
}
#endif

TEST_CASE("rows rounded to bf16 are what bf16 itself makes of each number") {
    if (!any_arch::here()) return;
    std::vector<float> x;
    for (std::uint32_t high = 0; high < 0x10000; high += 0x3f)  // signs, exponents, mantissas
        for (std::uint32_t low : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
            x.push_back(__builtin_bit_cast(float, high << 16 | low));
    const auto count = std::int32_t(x.size());
    const std::int32_t offsets[] = {0, 1};
    matrix<bf16> cache(1, x.size());
    context<cpu_simd<any_arch>> ctx;
    ops::store_rows(ctx, view<float>{x.data(), 1, x.size()}, ragged{offsets}, 0, cache.look());
    std::int32_t same = 0;
    for (idx i = 0; i < x.size(); ++i) same += cache.data()[i].bits == bf16(x[i]).bits;
    CHECK(same == count);
}

TEST_CASE("a dry run counts the workspace that attention takes, scratch of the threads included") {
    if (!any_arch::here()) return;
    const std::int32_t offsets[] = {0, 30, 30, 100};
    const auto attend = [&](auto& ctx) {
        const auto scope = ctx.scope();
        const auto q = ctx.make(100, 20), k = ctx.make(100, 20), v = ctx.make(100, 26);
        for (idx i = 0; q.data != nullptr && i < q.size(); ++i) q.data[i] = k.data[i] = 0.5f;
        for (idx i = 0; v.data != nullptr && i < v.size(); ++i) v.data[i] = 0.5f;
        ops::attention(ctx, q, ragged{offsets}, key_values<float>{k, v}, causal{}, {.heads = 2});
    };
    for (idx threads : sizes{1, 2, 5}) {
        context<cpu_simd<any_arch>> ctx{{threads}};
        context<dry_run<cpu_simd<any_arch>>> dry{threads};
        attend(ctx);
        attend(dry);
        CHECK(ctx.workspace().high_water() == dry.workspace().high_water());
    }
}

TEMPLATE_TEST_CASE("attention stays within the scratch it asks for", "", float, bf16, std::int8_t) {
    if (!any_arch::here()) return;
    using tag = cpu_simd<any_arch>;
    constexpr std::int32_t count = 2 * simd::attention_chunk;
    for (idx value_width : sizes{8, 13}) {
        const std::vector<TestType> k(count * 10, TestType(0.5f)), v(count * value_width);
        const std::vector<float> scales(count, 1);
        const auto kept = [&](const std::vector<TestType>& x) -> cache_view<const TestType> {
            const view<const TestType> rows{x.data(), count, x.size() / count};
            if constexpr (std::same_as<TestType, std::int8_t>)
                return {rows, {scales.data(), count, 1}};
            else
                return rows;
        };
        const std::int32_t offsets[] = {0, count};
        numbers q(1, count, 10), y(2, count, value_width);
        const attention_problem<float, TestType, causal> problem{
            q.look(), ragged{offsets}, {kept(k), kept(v)}, {}, {.heads = 1, .key_heads = 1}};
        context<tag> ctx;
        const idx bytes = attention_scratch(tag{}, problem, 1), guard = 4096;
        const auto scratch = ctx.make<std::byte>(1, bytes + guard);
        std::memset(scratch.data, 0x5a, bytes + guard);
        attention_kernel(tag{}, ctx, problem, scratch.data, y.look());
        for (idx i = bytes; i < bytes + guard; ++i) REQUIRE(scratch.data[i] == std::byte{0x5a});
    }
}

TEST_CASE("attention over int8 rows is, to the bit, attention over the floats they stand for") {
    if (!any_arch::here()) return;
    context<cpu_simd<any_arch>> ctx;
    constexpr idx rows = 300, heads = 2, width = 13;
    numbers q(1, rows, heads * width), scales(2, rows, heads, 0.001f, 0.02f), wide(3, rows, q.cols);
    std::vector<std::int8_t> cells(rows * heads * width);
    const int8_heads_view<const std::int8_t> kept{{cells.data(), rows, q.cols}, scales.look()};
    for (idx i = 0; i < cells.size(); ++i) cells[i] = std::int8_t(127 * wide.data[i + 1]);
    for (idx r = 0; r < rows; ++r)
        for (idx c = 0; c < q.cols; ++c) wide.look()(r, c) = kept(r, c);
    for (std::int32_t few : {1, 5, 300}) {
        const std::int32_t offsets[] = {0, few}, first = 0, count = rows;
        const auto over = [&](const auto& source) {
            return values_of(ops::attention(ctx, q.look().slice(0, idx(few)), ragged{offsets},
                                            source, bidirectional{},
                                            {.heads = heads, .scale = 0.4f}));
        };
        CHECK(over(key_values<std::int8_t>{kept, kept, &first, &count}) ==
              over(key_values<float>{wide.look(), wide.look(), &first, &count}));
    }
}

TEST_CASE("a query's result does not depend on the queries beside it") {
    if (!any_arch::here()) return;
    context<cpu_simd<any_arch>> ctx;
    constexpr idx count = 300, width = 8;
    constexpr idx some = any_arch::lanes;  // so many that they stand in lanes too
    numbers q(1, count, width), k(2, count, width), v(3, count, width);
    const std::int32_t all[] = {0, count}, part[] = {0, some}, first = 0, keys = count;
    const auto together =
        ops::attention(ctx, q.look(), ragged{all}, key_values<float>{k.look(), v.look()}, causal{},
                       {.scale = 0.4f});
    for (idx i : sizes{0, 1, 50, 254, 255, 256, count - some}) {
        const auto alone = ops::attention(ctx, q.look().slice(i, some), ragged{part},
                                          key_values<float>{k.look(), v.look(), &first, &keys},
                                          causal{}, {.scale = 0.4f, .first_position = i});
        CHECK(std::memcmp(alone.data, together.row(i), some * width * sizeof(float)) == 0);
    }
}

#endif
