// concat: rows in front of each sequence, copied.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/kernels/simd/tasks.hpp>

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

}}}  // namespace reckon::v0::RECKON_ISA
