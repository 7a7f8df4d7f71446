// Every change of representation is a walk: one model is read, another of the same shape is
// written. The new model has the same config and another spec; `write` receives each pair of
// parameters.
#pragma once

#include <reckon/core/visit.hpp>
#include <reckon/layers/linear.hpp>

namespace reckon::inline v0 {

/// Parameters of equal representation are copied.
struct copy_parameter {
    template <class T>
    void operator()(const path&, const matrix<T, heap>& from, matrix<T, heap>& to) const {
        to = from;
    }
};

/// model<Spec> -> model<NewSpec>
template <class NewSpec, template <class, auto> class Model, class Spec, auto Size, class Write>
Model<NewSpec, Size> represented(const Model<Spec, Size>& from, Write&& write) {
    Model<NewSpec, Size> to{from.size};
    walk_all(write, from, to);
    return to;
}

}  // namespace reckon::inline v0
