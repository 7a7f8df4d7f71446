// mask_weights(model): every linear's weight can hold elements at zero; all are kept at first.
#pragma once

#include <reckon/layers/representation.hpp>

namespace reckon::inline v0 {

template <class Base> struct maskable : Base { using linear = masked<typename Base::linear>; };

template <template <class, auto> class Model, class Spec, auto Size>
Model<maskable<Spec>, Size> mask_weights(const Model<Spec, Size>& model) {
    const auto keep_all = []<class Inner>(const path&, const Inner& from,
                                          masked_matrix<Inner, heap>& to) { to.inner = from; };
    return represented<maskable<Spec>>(model, overload{copy_parameter{}, keep_all});
}

}  // namespace reckon::inline v0
