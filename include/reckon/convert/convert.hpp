// Every change of representation is a walk: one model is read, another of the same shape is
// written. The new model has the same config and another spec; `write` receives each pair of
// parameters.
#pragma once

#include <reckon/core/visit.hpp>
#include <reckon/layers/linear.hpp>

#include <concepts>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Parameters of equal representation are copied.
struct copy_parameter {
    template <class T>
    void operator()(const path&, const matrix<T, heap>& from, matrix<T, heap>& to) const {
        to = from;
    }
};

/// Gives each parameter up once it has been read; those of equal representation move.
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

/// model<Spec> -> model<NewSpec>
template <class NewSpec, template <class, auto> class Model, class Spec, auto Size, class Write>
Model<NewSpec, Size> convert(const Model<Spec, Size>& from, Write&& write) {
    Model<NewSpec, Size> to{from.size};
    walk_all(write, from, to);
    return to;
}

/// The same out of a model that is not needed any more. It is empty afterwards, and each of its
/// parameters is freed as soon as the other has been written: where large arrays stand on pages of
/// their own (core/pages.hpp) there is never more than about one model in memory.
template <class NewSpec, template <class, auto> class Model, class Spec, auto Size, class Write>
Model<NewSpec, Size> convert(Model<Spec, Size>&& from, Write&& write) {
    Model<NewSpec, Size> to{from.size};
    walk_all(consuming<std::remove_reference_t<Write>>{write}, from, to);
    return to;
}

}}}  // namespace reckon::v0::RECKON_ISA
