// prepare(ctx, model): the same model with its weights in the layout that the context's backend
// computes from fastest. The result is an owned model of another type; nothing is cached, and a
// change to the original does not reach it. A backend without a layout of its own gives a copy; an
// accelerator computes from its own memory, so the copy is made there.
// prepare(ctx, std::move(model)), or of what a loader returns, frees each weight once it is packed:
// memory peaks at about one model instead of two. What is read in both forms stays in both, such as
// a table of rows by id (never packed) that is the head of a model too.
//
// A layout is a type `Packing` with
//     struct matrix;                            a parameter: rows, cols, bytes, look(), `packing`
//     static void pack(ctx, view, matrix&);     [out, in] -> its own form
// for dense floats, and it may name others: `int8` for int8 rows, `bf16` for dense bf16, `recorded`
// for dense floats of a model that a context records. Such a model is frozen: gradients go through
// its packed weights, and none goes to them; train the model itself where it learns.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/convert/convert.hpp>
#include <reckon/convert/copy_to.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// What packs the weights of a linear policy; `unpacked` leaves them.
template <class Packing, class Linear> struct packing_of { using type = unpacked; };
template <class Packing> struct packing_of<Packing, dense<float>> { using type = Packing; };
template <class Packing, class Inner>
requires requires { typename Packing::int8; }
struct packing_of<Packing, int8_rows<Inner>> {
    using type = typename Packing::int8;
};
template <class Packing>
requires requires { typename Packing::bf16; }
struct packing_of<Packing, dense<bf16>> {
    using type = typename Packing::bf16;
};

template <class Packing, class Linear> struct packed_policy {
    using type = packed<Packing, Linear>;
};
template <class Linear> struct packed_policy<unpacked, Linear> { using type = Linear; };

template <class C> struct pack_parameter : copy_parameter {
    C& ctx;

    explicit pack_parameter(C& c) : ctx(c) {}
    using copy_parameter::operator();
    template <class From, class To>
    requires requires { typename To::packing; }
    void operator()(const path&, const From& from, To& to) const {
        To::packing::pack(ctx, from.look(), to);
    }
};

}  // namespace detail

/// The weights that the backend packs are packed; every other representation stays as it is.
template <class Packing, class Base> struct prepared : Base {
    using packing =
        std::conditional_t<std::same_as<typename Base::memory, heap>,
                           typename detail::packing_of<Packing, typename Base::linear>::type,
                           unpacked>;
    using linear = typename detail::packed_policy<packing, typename Base::linear>::type;
};

namespace detail {

template <class C, class Packing = typename C::kernels::packing> struct packing_for {
    using type = std::conditional_t<C::recording, unpacked, Packing>;
};
template <class C, class Packing>
requires(C::recording&& requires { typename Packing::recorded; }) struct packing_for<C, Packing> {
    using type = typename Packing::recorded;
};

}  // namespace detail

template <any_context C, composed Model> auto prepare(C& ctx, Model&& model) {
    using packing = typename detail::packing_for<C>::type;
    if constexpr (std::same_as<typename C::space, host>)
        return convert<prepared<packing, spec_of<Model>>>(std::forward<Model>(model),
                                                          detail::pack_parameter<C>{ctx});
    else
        return copy_to(ctx, model);
}

}}}  // namespace reckon::v0::RECKON_ISA
