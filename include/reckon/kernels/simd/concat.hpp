// concat: rows in front of each sequence, copied.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/kernels/simd/add.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void concat_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> prefix, per_sequence first,
                   view<const float> x, ragged sequences, ragged all, view<float> y) {
    ctx.parallel(all.count(), [&](idx s, idx) {
        const idx own = sequences.length(s), count = all.length(s) - own;
        simd::copy_rows(prefix.slice(first[s], count), y.slice(all.begin(s), count));
        simd::copy_rows(x.slice(sequences.begin(s), own), y.slice(all.begin(s) + count, own));
    });
}

template <class Arch, class Next, class C>
void concat_backward(cpu_simd<Arch, Next>, C& ctx, per_sequence first, ragged sequences, ragged all,
                     view<const float> dy, gradient_view<float> dprefix, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (dx.wanted())
        ctx.parallel(all.count(), [&](idx s, idx) {
            const idx own = sequences.length(s), count = all.length(s) - own;
            simd::call(arch, simd::add_backward_rows{dy.slice(all.begin(s) + count, own),
                                                     dx.slice(sequences.begin(s), own)});
        });
    if (!dprefix.wanted()) return;
    const view<float> prefix = simd::begun(dprefix);
    simd::by_blocks(ctx, 1, 1, dy.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        for (idx s = 0; s < all.count(); ++s) {
            const idx count = all.length(s) - sequences.length(s);
            const auto to = prefix.slice(first[s], count).columns(c, cols);
            simd::call(arch, simd::add_backward_rows{dy.slice(all.begin(s), count).columns(c, cols),
                                                     {to, gradient_use::adds}});
        }
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
