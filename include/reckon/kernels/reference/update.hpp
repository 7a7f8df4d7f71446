// Steps of optimisers, number by number (ops/update.hpp), and sums of squares.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/update.hpp>
#include <reckon/core/view.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void momentum_update_kernel(const cpu_reference&, C&, momentum_step how, view<const E> g, view<E> m,
                            view<E> w) {
    for (idx i = 0; i < w.size(); ++i) {
        const E slope = E(how.scale) * g.data[i] + E(how.decay) * w.data[i];
        E& own = m.data[i];
        own = E(how.momentum) * own + E(1 - how.damping) * slope;
        w.data[i] -= E(how.rate) * (how.nesterov ? slope + E(how.momentum) * own : own);
    }
}

/// Moments below 1e-30 become 0: they fade without end, and numbers that small are slow.
template <class C, class E>
void adam_update_kernel(const cpu_reference&, C&, adam_step how, view<const E> g, view<E> m,
                        view<E> v, view<E> w) {
    const auto kept = [](E number) { return std::abs(number) < E(1e-30) ? E(0) : number; };
    for (idx i = 0; i < w.size(); ++i) {
        const E slope = E(how.scale) * g.data[i] + E(how.decay) * w.data[i];
        m.data[i] = kept(E(how.beta_1) * m.data[i] + E(1 - how.beta_1) * slope);
        v.data[i] = kept(E(how.beta_2) * v.data[i] + E(1 - how.beta_2) * slope * slope);
        w.data[i] = w.data[i] * E(how.keep) -
                    E(how.step) * m.data[i] / (std::sqrt(v.data[i]) / E(how.root) + E(how.epsilon));
    }
}

/// sums[p] = the sum of the squares of x's numbers [p piece, (p + 1) piece).
template <class C, class E>
void squares_kernel(const cpu_reference&, C&, view<const E> x, view<double> sums) {
    const idx piece = (x.size() + sums.cols - 1) / sums.cols;
    for (idx p = 0; p < sums.cols; ++p) {
        double sum = 0;
        for (idx i = p * piece; i < (p + 1) * piece && i < x.size(); ++i)
            sum += double(x.data[i]) * double(x.data[i]);
        sums(0, p) = sum;
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
