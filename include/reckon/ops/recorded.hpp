// What an op does for gradients, in one place:
//     return recorded(ctx, y, {gradient(ctx, x), gradient(ctx, gain)},
//                     [=](auto& c, auto... d) { dispatch<norm_backward_op>(c, x, gain, d...); });
// Under a recording context whose inputs learn, y gets a gradient and the closure goes on the tape:
// at replay it is called with y's gradient, to be read, and those of the inputs, to be written;
// what is frozen is not wanted there. Under any other context nothing of it is compiled.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/ops/check.hpp>

#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// What the kernel of a backward writes.
template <class C> using gradient_of = gradient_view<number_of<C>, typename C::space>;

/// The place of a gradient where there are none.
struct no_place {};
namespace detail {
template <class C> struct place { using type = no_place; };
template <class C>
requires C::recording struct place<C> {
    using type = typename C::place;
};
}  // namespace detail
template <class C> using place_of = typename detail::place<C>::type;

/// Where the gradient of an activation goes.
template <any_context C> constexpr place_of<C> gradient(C& ctx, const tensor_of<C>& x) {
    if constexpr (C::recording)
        return ctx.place_of(x);
    else
        return {};
}
/// Where the gradient of a parameter goes.
template <any_context C> constexpr place_of<C> gradient(C& ctx, const input_of<C>& w) {
    if constexpr (C::recording)
        return ctx.parameter_place(w);
    else
        return {};
}

/// Where the gradient of a weight goes: a parameter's, or that of an activation which is used as a
/// weight. Weights of other representations are frozen.
template <any_context C> constexpr place_of<C> weight_gradient(C& ctx, const auto& w) {
    if constexpr (requires { gradient<C>(ctx, w); })
        return gradient<C>(ctx, w);
    else
        return {};
}
/// What kernels read of it.
template <any_context C, class W> constexpr auto as_weight(const W& w) {
    if constexpr (std::convertible_to<W, input_of<C>>)
        return input_of<C>(w);
    else
        return w;
}

template <any_context C, idx N> constexpr bool learns(const place_of<C> (&places)[N]) {
    if constexpr (C::recording)
        for (const auto& p : places)
            if (p.learns()) return true;
    return false;
}

/// f(gradients of the inputs...), to be written. Inputs that share a tensor add up.
template <any_context C, idx N, class F>
void with_gradients(C& ctx, const place_of<C> (&inputs)[N], const F& f) {
    for (idx i = 0; i < N; ++i)
        for (idx j = 0; j < i; ++j)
            if (inputs[i].of != nullptr && inputs[i].of == inputs[j].of)
                ctx.begin_at_zero(*inputs[i].of);
    [&]<idx... I>(std::index_sequence<I...>) { f(ctx.begin(inputs[I])...); }
    (std::make_index_sequence<N>{});
}

/// y, and its backward on the tape: backward(ctx, dy, gradients of the inputs...).
template <any_context C, idx N, class F>
constexpr tensor_of<C> recorded(C& ctx, tensor_of<C> y, const place_of<C> (&inputs)[N],
                                const F& backward) {
    if constexpr (C::recording)
        if (learns<C>(inputs)) {
            ctx.track(y);
            ctx.record([dy = y.grad, inputs, backward](C& c) {
                if (!c.is_reached(*dy)) return;
                with_gradients<C>(c, inputs,
                                  [&](auto... d) { backward(c, c.finished(*dy), d...); });
                c.release(*dy);
            });
        }
    return y;
}

/// What an op that changes x in place does to the gradient on its way back.
enum class passing : std::uint8_t { as_it_is, turned };
/// The same of a y that takes x's place, x + something or x turned, so that nobody reads x any
/// more: y takes over x's slot. backward(ctx, gradient, gradients of the other inputs...) is called
/// where the others learn, and always where it turns the gradient, which it may change.
template <any_context C, idx N, class F>
constexpr tensor_of<C> recorded_onto(C& ctx, tensor_of<C> y, const tensor_of<C>& x, passing how,
                                     const place_of<C> (&others)[N], const F& backward) {
    if constexpr (C::recording) {
        const bool onto = x.grad != nullptr;
        if (onto) {
            ctx.pin();
            y.grad = x.grad;
            y.grad_at = x.grad_at;
        }
        if (learns<C>(others) || (onto && how == passing::turned)) {
            ctx.track(y);
            ctx.record([p = ctx.place_of(y), onto, others, backward](C& c) {
                if (!c.is_reached(*p.of)) return;
                const auto own = c.begin(p);
                with_gradients<C>(c, others, [&](auto... d) { backward(c, own, d...); });
                if (!onto) c.release(*p.of);
            });
        }
    }
    return y;
}

/// x once more, for an op that works in place and may not.
template <any_context C> constexpr tensor_of<C> fresh_copy(C& ctx, const tensor_of<C>& x) {
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (C::recording) {
        ctx.pin();
        if constexpr (!C::dry)
            for (idx r = 0; r < x.rows; ++r)
                for (idx c = 0; c < x.cols; ++c) y(r, c) = x(r, c);
    }
    return y;
}

/// Whether an op that works in place has to leave its inputs as they are: something on the tape may
/// need them, or one of them learns.
template <any_context C, idx N>
constexpr bool keeps_inputs(C& ctx, const place_of<C> (&inputs)[N]) {
    if constexpr (C::recording)
        return ctx.keeps_values() || learns<C>(inputs);
    else
        return false;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
