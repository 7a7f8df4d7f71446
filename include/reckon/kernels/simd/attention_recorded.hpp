// Softmax attention as training wants it: with the logarithm of each query's total weight, from
// which the backward finds the weights again, and with some of the weights dropped.
#pragma once

#include <reckon/core/dropout.hpp>
#include <reckon/kernels/simd/attention.hpp>

#ifdef RECKON_SIMD_BODIES
#include <cmath>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// Where a query stands, for its dropout, and where the logarithm of its total weight goes.
struct attention_place {
    std::uint64_t example;
    idx position, head;
    float* log_total;
};

struct attention_block_recorded {
    attention_block<float> block;
    const attention_place* places;  // of each query
    dropout_mask dropped;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C, class M>
void attention_recorded_kernel(cpu_simd<Arch, Next>, C& ctx,
                               const attention_problem<float, float, M>& p, dropout_mask dropped,
                               std::byte* scratch, view<float> y, view<float> log_totals) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::each_attention_block<Arch>(
        ctx, arch, p, scratch, y,
        [&](const simd::attention_block<float>& block, idx s, idx first, idx key_head) {
            const idx group = p.options.heads / p.options.key_heads;
            simd::attention_place places[simd::panel_vectors * Arch::lanes];
            for (idx i = 0; i < block.count; ++i) {
                const idx own = (first + i) / group, head = key_head * group + (first + i) % group;
                places[i] = {dropped.example(s), p.options.first_position[s] + own, head,
                             log_totals.row(p.sequences.begin(s) + own) + head};
            }
            simd::call(arch, simd::attention_block_recorded{block, places, dropped});
        });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// factors[key * used + query] = what dropout multiplies the weight of that key of the chunk by.
inline void attention_factors(const dropout_mask& dropped, const attention_place* places, idx count,
                              interval chunk, idx used, float* factors) {
    for (idx r = 0; r < count; ++r) {
        const attention_place& place = places[r];
        const dropout_mask own = dropped.of_head(place.head);
        philox::block bits{};
        for (idx j = chunk.begin; j < chunk.end; ++j) {
            if (j == chunk.begin || j % 8 == 0)
                bits = own.block(place.example, place.position, j / 8);
            const std::uint32_t word = bits.word[j % 8 / 2];
            const std::uint32_t number = j % 2 == 0 ? word & 0xffffu : word >> 16;
            factors[(j - chunk.begin) * used + r] = number >= own.below ? own.scale : 0;
        }
    }
}

template <class Arch> void run(const attention_block_recorded& c) {
    struct training {
        const attention_block_recorded& c;

        void drop(float* scores, idx used, interval chunk) const {
            if (!c.dropped.drops()) return;
            float factors[attention_chunk];
            for (idx r = 0; r < c.block.count; ++r) {
                attention_factors(c.dropped, c.places + r, 1, chunk, 1, factors);
                for (idx j = 0; j < chunk.size(); ++j) scores[j * used + r] *= factors[j];
            }
        }
        void write(idx query, float top, float total) const {
            *c.places[query].log_total =
                total > 0 ? top + std::log(total) : std::numeric_limits<float>::infinity();
        }
    };
    queries_in_lanes<Arch>(c.block, training{c});
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
