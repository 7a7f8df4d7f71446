// Optimisers: hyper-parameters here, state apart (`optimiser_state`), so that a run can be saved
// and taken up again. Each gives torch.optim's numbers.
#pragma once

#include <reckon/ops/update.hpp>
#include <reckon/train/parameters.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Flat arrays of as many numbers as the parameters, of which an optimiser says how many it wants.
template <floating E = float> struct optimiser_state {
    idx steps = 0;
    std::vector<heap_array<E>> arrays;
};

/// Stochastic gradient descent with momentum, damped or after Nesterov.
struct sgd {
    static constexpr const char* name = "sgd";
    static constexpr idx arrays = 1;
    float rate = 1e-2f, momentum = 0, damping = 0, decay = 0;
    bool nesterov = false;

    void each_setting(const auto& f) const {
        f("rate", double(rate));
        f("momentum", double(momentum));
        f("damping", double(damping));
        f("decay", double(decay));
        f("nesterov", double(nesterov));
    }
    template <any_context C, class E>
    void update(C& ctx, const typename parameters<E>::entry& p, view<const E> g, double scale,
                double factor, optimiser_state<E>& state) const {
        const momentum_step how{float(double(rate) * factor),     float(scale),
                                p.decays ? decay : 0.f,           momentum,
                                state.steps == 0 ? 0.f : damping, nesterov};
        ops::dispatch<ops::momentum_update_op>(
            ctx, how, g, row_view(state.arrays[0].data() + p.at, p.values.size()),
            row_view(p.values.data, p.values.size()));
    }
};

namespace detail {

template <class Adam> void each_adam_setting(const Adam& a, const auto& f) {
    f("rate", double(a.rate));
    f("beta_1", double(a.beta_1));
    f("beta_2", double(a.beta_2));
    f("epsilon", double(a.epsilon));
    f("decay", double(a.decay));
}

template <any_context C, class E, class Adam>
void adam_update(C& ctx, const Adam& a, bool decoupled, const typename parameters<E>::entry& p,
                 view<const E> g, double scale, double factor, optimiser_state<E>& state) {
    const double t = double(state.steps + 1), rate = double(a.rate) * factor;
    const double decay = p.decays ? double(a.decay) : 0;
    const adam_step how{.scale = float(scale),
                        .decay = decoupled ? 0.f : float(decay),
                        .beta_1 = a.beta_1,
                        .beta_2 = a.beta_2,
                        .epsilon = a.epsilon,
                        .keep = decoupled ? float(1 - rate * decay) : 1.f,
                        .step = float(rate / (1 - std::pow(double(a.beta_1), t))),
                        .root = float(std::sqrt(1 - std::pow(double(a.beta_2), t)))};
    const auto own = [&](idx array) {
        return row_view(state.arrays[array].data() + p.at, p.values.size());
    };
    ops::dispatch<ops::adam_update_op>(ctx, how, g, own(0), own(1),
                                       row_view(p.values.data, p.values.size()));
}

}  // namespace detail

/// Adam; `decay` is added to the gradient (L2).
struct adam {
    static constexpr const char* name = "adam";
    static constexpr idx arrays = 2;
    float rate = 1e-3f, beta_1 = .9f, beta_2 = .999f, epsilon = 1e-8f, decay = 0;

    void each_setting(const auto& f) const { detail::each_adam_setting(*this, f); }
    template <any_context C, class E>
    void update(C& ctx, const typename parameters<E>::entry& p, view<const E> g, double scale,
                double factor, optimiser_state<E>& state) const {
        detail::adam_update<C, E>(ctx, *this, false, p, g, scale, factor, state);
    }
};

/// Adam whose decay shrinks the parameter itself.
struct adamw {
    static constexpr const char* name = "adamw";
    static constexpr idx arrays = 2;
    float rate = 1e-3f, beta_1 = .9f, beta_2 = .999f, epsilon = 1e-8f, decay = 1e-2f;

    void each_setting(const auto& f) const { detail::each_adam_setting(*this, f); }
    template <any_context C, class E>
    void update(C& ctx, const typename parameters<E>::entry& p, view<const E> g, double scale,
                double factor, optimiser_state<E>& state) const {
        detail::adam_update<C, E>(ctx, *this, true, p, g, scale, factor, state);
    }
};

/// The norm of all gradients together, in double and in the order of the numbers.
template <any_context C, floating E> double gradient_norm(C& ctx, parameters<E>& learned) {
    const idx pieces = (learned.size() + ops::squares_op::piece - 1) / ops::squares_op::piece;
    const auto inside = ctx.scratch();
    const auto sums = ctx.template make<double>(1, pieces);
    ops::dispatch<ops::squares_op>(ctx, learned.gradients(), sums);
    double sum = 0;
    if constexpr (!C::dry)
        for (idx p = 0; p < pieces; ++p) sum += sums(0, p);
    return std::sqrt(sum);
}

/// What gradients are multiplied by so that their norm is at most `most`, as
/// torch.nn.utils.clip_grad_norm_ does; 0: no limit.
inline double clipping(double norm, double most) {
    if (most <= 0) return 1;
    const double factor = most / (norm + 1e-6);
    return factor < 1 ? factor : 1;
}

/// One step of an optimiser over all parameters. `scale`: of gradients, `factor`: of the rate.
template <any_context C, floating E, class Optimiser>
void step(C& ctx, const Optimiser& how, parameters<E>& learned, double scale, double factor,
          optimiser_state<E>& state) {
    while (state.arrays.size() < Optimiser::arrays) {
        state.arrays.emplace_back(learned.size());
    }
    for (const auto& p : learned.entries())
        how.template update<C, E>(ctx, p,
                                  row_view(learned.gradients().data + p.at, p.values.size()), scale,
                                  factor, state);
    ++state.steps;
}

}}}  // namespace reckon::v0::RECKON_ISA
