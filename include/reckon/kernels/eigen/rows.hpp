// What is done row by row: activations, sums, norms.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/kernels/eigen/map.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace eigen {

/// g(f(x)), an expression. Eigen's core has no erfc, so gelu takes the standard library's. Neither
/// form adds to 1 what is nearly -1.
template <class G> void activated(activation f, const_array_map x, const G& g) {
    switch (f) {
        case activation::relu:
            return g(x.max(0.0f));
        case activation::gelu:
            return g(0.5f * x *
                     x.unaryExpr([](float v) { return std::erfc(v * -0.70710678118654752f); }));
        case activation::gelu_tanh:  // (1 + tanh u) / 2 = 1 / (1 + exp(-2 u))
            return g(x / (1.0f + (-1.5957691216057308f * (x + 0.044715f * x.cube())).exp()));
        case activation::silu:
            return g(x / (1.0f + (-x).exp()));
        case activation::none:
            return g(x);
    }
}

/// y = f(x), y may be x.
inline void activate(activation f, const_array_map x, array_map y) {
    activated(f, x, [&](const auto& values) { y = values; });
}

}  // namespace eigen

template <class N, class C>
void activate_kernel(cpu_eigen<N>, C& ctx, activation f, view<const float> x, view<float> y) {
    eigen::by_rows(ctx, x.rows,
                   [&](idx i) { eigen::activate(f, eigen::row(x, i), eigen::row(y, i)); });
}

template <class N, class C>
void gated_kernel(cpu_eigen<N>, C& ctx, activation f, view<const float> gate, view<const float> x,
                  view<float> y) {
    eigen::by_rows(ctx, x.rows, [&](idx i) {
        eigen::activated(f, eigen::row(gate, i),
                         [&](const auto& shares) { eigen::row(y, i) = shares * eigen::row(x, i); });
    });
}

template <class N, class C>
void add_kernel(cpu_eigen<N>, C& ctx, view<const float> a, view<const float> b, view<float> y) {
    eigen::by_rows(ctx, y.rows,
                   [&](idx i) { eigen::row(y, i) = eigen::row(a, i) + eigen::row(b, i); });
}

template <class N, class C>
void add_row_kernel(cpu_eigen<N>, C& ctx, view<const float> row, view<float> x) {
    eigen::by_rows(ctx, x.rows, [&](idx i) { eigen::row(x, i) += eigen::row(row, 0); });
}

template <class N, class C>
void layer_norm_kernel(cpu_eigen<N>, C& ctx, view<const float> x, view<const float> gain,
                       view<const float> bias, float epsilon, view<float> y) {
    eigen::by_rows(ctx, x.rows, [&](idx i) {
        auto centred = eigen::row(y, i);
        centred = eigen::row(x, i) - eigen::row(x, i).mean();
        centred -= centred.mean();  // what the first sum rounded off, far from zero
        const float scale = 1 / std::sqrt(centred.square().mean() + epsilon);
        centred = centred * scale * eigen::row(gain, 0) + eigen::row(bias, 0);
    });
}

template <class N, class C>
void rms_norm_kernel(cpu_eigen<N>, C& ctx, view<const float> x, view<const float> gain,
                     float epsilon, view<float> y) {
    eigen::by_rows(ctx, x.rows, [&](idx i) {
        const float scale = 1 / std::sqrt(eigen::row(x, i).square().mean() + epsilon);
        eigen::row(y, i) = eigen::row(x, i) * scale * eigen::row(gain, 0);
    });
}

template <class N, class C>
void log_softmax_kernel(cpu_eigen<N>, C& ctx, view<const float> x, view<float> y) {
    eigen::by_rows(ctx, x.rows, [&](idx i) {
        const float top = eigen::row(x, i).maxCoeff();
        const float shift = top + std::log((eigen::row(x, i) - top).exp().sum());
        eigen::row(y, i) = eigen::row(x, i) - shift;
    });
}

template <class N, class C>
void l2_normalize_kernel(cpu_eigen<N>, C& ctx, view<const float> x, view<float> y) {
    eigen::by_rows(ctx, x.rows, [&](idx i) {
        const float length = std::sqrt(eigen::row(x, i).square().sum());
        eigen::row(y, i) = eigen::row(x, i) / (length > 1e-12f ? length : 1e-12f);
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
