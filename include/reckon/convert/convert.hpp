// Every change of how parameters are stored is a walk: one model is read, another of the same shape
// is written. The new model has the same sizes and another spec; `write` receives each pair of
// parameters.
#pragma once

#include <reckon/core/visit.hpp>
#include <reckon/layers/linear.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// The spec that a model is composed from, and the same model composed from another.
template <class Model> struct composition {};
template <class Model>
requires requires { typename Model::template with_spec<typename Model::spec>; }
struct composition<Model> {
    using spec = typename Model::spec;
    template <class NewSpec> using with = typename Model::template with_spec<NewSpec>;
};
template <template <class, auto> class Model, class Spec, auto Size>
struct composition<Model<Spec, Size>> {
    using spec = Spec;
    template <class NewSpec> using with = Model<NewSpec, Size>;
};

}  // namespace detail

/// A model of yours says both itself: `using spec = ..; template <class S> using with_spec = ..;`.
/// A `Model<Spec, Size>` need not.
template <class Model>
using spec_of = typename detail::composition<std::remove_cvref_t<Model>>::spec;
template <class Model, class NewSpec>
using with_spec = typename detail::composition<std::remove_cvref_t<Model>>::template with<NewSpec>;

/// Anything with `visit` that is composed from a spec.
template <class Model>
concept composed = module<std::remove_reference_t<Model>> && requires {
    typename spec_of<Model>;
};

/// Parameters that are stored alike are copied.
struct copy_parameter {
    template <class T>
    void operator()(const path&, const matrix<T, heap>& from, matrix<T, heap>& to) const {
        to = from;
    }
};

/// Gives each parameter up once it has been read; those that are stored alike move.
template <class Write> struct consuming {
    Write& write;

    template <class From, class To>
    requires std::invocable<Write&, const path&, const From&, To&>
    void operator()(const path& at, From& from, To& to) const {
        write(at, std::as_const(from), to);
        from = From{};
    }
    template <class T>
    void operator()(const path&, matrix<T, heap>& from, matrix<T, heap>& to) const {
        to = std::exchange(from, {});
    }
};

/// model<Spec> -> model<NewSpec>. A model that is given away (an rvalue) is empty afterwards, and
/// each of its parameters is freed as soon as the other has been written: where large arrays stand
/// on pages of their own (core/large_pages.hpp) there is never more than about one model in memory.
template <class NewSpec, composed Model, class Write>
with_spec<Model, NewSpec> convert(Model&& from, Write&& write) {
    using to_type = with_spec<Model, NewSpec>;
    auto to = [&] {
        if constexpr (requires { to_type{from.size}; })
            return to_type{from.size};
        else
            return to_type{};
    }();
    if constexpr (std::is_lvalue_reference_v<Model> || std::is_const_v<Model>)
        walk_all(write, std::as_const(from), to);
    else
        walk_all(consuming<std::remove_reference_t<Write>>{write}, from, to);
    return to;
}

}}}  // namespace reckon::v0::RECKON_ISA
