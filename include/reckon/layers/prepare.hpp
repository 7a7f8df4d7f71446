// prepare(ctx, model): the same model with its weights in the layout that the context's backend
// computes from fastest. The result is an owned model of another type; nothing is cached, and a
// change to the original does not reach it. A backend without a layout of its own gives a copy; an
// accelerator computes from its own memory, so the copy is made there.
//
// A layout is a type `Packing` with
//     struct matrix;                                     a parameter: rows, cols, bytes, look()
//     static void pack(ctx, view<const float>, matrix&); [out, in] -> its own form
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/layers/copy_to.hpp>
#include <reckon/layers/representation.hpp>

namespace reckon::inline v0 {

/// Dense float weights are packed; every other representation stays as it is.
template <class Packing, class Base> struct prepared : Base {
    using linear =
        std::conditional_t<std::same_as<typename Base::linear, dense<float>> &&
                               std::same_as<typename Base::memory, heap> &&
                               !std::same_as<Packing, unpacked>,
                           packed<Packing, typename Base::linear>, typename Base::linear>;
};

namespace detail {
template <class Packing, class C> struct pack_parameter : copy_parameter {
    C& ctx;

    explicit pack_parameter(C& c) : ctx(c) {}
    using copy_parameter::operator();
    void operator()(const path&, const matrix<float, heap>& from,
                    auto& to) const requires std::same_as < std::remove_reference_t<decltype(to)>,
    typename Packing::matrix > { Packing::pack(ctx, from.look(), to); }
};
template <class C> struct pack_parameter<unpacked, C> : copy_parameter {
    explicit pack_parameter(C&) {}
};
}  // namespace detail

template <any_context C, template <class, auto> class Model, class Spec, auto Size>
auto prepare(C& ctx, const Model<Spec, Size>& model) {
    using packing = typename C::kernels::packing;
    if constexpr (std::same_as<typename C::space, host>)
        return represented<prepared<packing, Spec>>(model, detail::pack_parameter<packing, C>{ctx});
    else
        return copy_to(ctx, model);
}

}  // namespace reckon::inline v0
