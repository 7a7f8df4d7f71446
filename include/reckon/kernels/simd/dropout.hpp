// dropout: rows times their mask by counter.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/dropout.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/kernels/simd/tasks.hpp>

namespace reckon { inline namespace v0 { namespace simd {

/// y = x * mask, or y += x * mask, for a row of an example.
struct dropout_row {
    dropout_mask mask;
    std::uint64_t example;
    idx row;  // of the example
    view<const float> x;
    gradient_view<float> y;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A task is some rows of a sequence.
template <class Arch, class Next, class C>
void dropout_kernel(cpu_simd<Arch, Next>, C& ctx, dropout_mask mask, ragged sequences,
                    view<const float> x, gradient_view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto rows_of = [&](idx s, idx first, idx count) {
        for (idx i = first; i < first + count; ++i) {
            const idx row = sequences.begin(s) + i;
            simd::call(arch, simd::dropout_row{mask, mask.example(s), i, x.slice(row, 1),
                                               y.slice(row, 1)});
        }
    };
    if (sequences.count() == 1)  // a table
        simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) { rows_of(0, r, rows); });
    else
        ctx.parallel(sequences.count(), [&](idx s, idx) { rows_of(s, 0, sequences.length(s)); });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Blocks of the counter stand side by side, as many as a vector has lanes: the compiler makes
/// vectors of the rounds.
template <class Arch> void run(const dropout_row& c) {
    constexpr idx side = Arch::lanes;
    const idx blocks = (c.x.cols + 7) / 8;
    const std::uint64_t high = c.example << 32 ^ std::uint64_t{c.row} << 16;
    for (idx first = 0; first < blocks; first += side) {
        std::uint32_t words[4][side];
        for (idx b = 0; b < side; ++b) {
            const std::uint64_t n = high ^ (first + b);
            words[0][b] = std::uint32_t(n);
            words[1][b] = std::uint32_t(n >> 32);
            words[2][b] = std::uint32_t(c.mask.bits.stream);
            words[3][b] = std::uint32_t(c.mask.bits.stream >> 32);
        }
        auto k0 = std::uint32_t(c.mask.bits.seed), k1 = std::uint32_t(c.mask.bits.seed >> 32);
        for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
            for (idx b = 0; b < side; ++b) {
                const std::uint64_t a = std::uint64_t{0xD2511F53u} * words[0][b];
                const std::uint64_t e = std::uint64_t{0xCD9E8D57u} * words[2][b];
                words[0][b] = std::uint32_t(e >> 32) ^ words[1][b] ^ k0;
                words[1][b] = std::uint32_t(e);
                words[2][b] = std::uint32_t(a >> 32) ^ words[3][b] ^ k1;
                words[3][b] = std::uint32_t(a);
            }
        for (idx b = 0; b < side && first + b < blocks; ++b) {
            const idx column = 8 * (first + b), end = c.x.cols - column;
            for (idx i = 0; i < 8 && i < end; ++i) {
                const std::uint32_t word = words[i / 2][b];
                const std::uint32_t number = i % 2 == 0 ? word & 0xffffu : word >> 16;
                c.y.put(0, column + i,
                        c.x(0, column + i) * (number >= c.mask.below ? c.mask.scale : 0));
            }
        }
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
