// prunable(model): the weight of every linear and every table can hold elements at zero; all
// are kept at first. count_nonzero(model) is what a pruned model has left.
#pragma once

#include <reckon/convert/convert.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Base> struct prunable_spec : Base {
    using linear = pruned<typename Base::linear>;
    using table = pruned<typename Base::table>;
};

template <composed Model> auto prunable(const Model& model) {
    const auto keep_all = []<class Inner>(const path&, const Inner& from,
                                          pruned_matrix<Inner, heap>& to) { to.inner = from; };
    return convert<prunable_spec<spec_of<Model>>>(model, overload{copy_parameter{}, keep_all});
}

/// Parameters other than zero, whether their value or a mask holds them there; `count` has them
/// all.
template <class Model> idx count_nonzero(const Model& model) {
    idx sum = 0;
    walk_all(
        [&](const path&, const parameter auto& p) {
            const auto w = p.look();
            for (idx r = 0; r < w.rows; ++r)
                for (idx c = 0; c < w.cols; ++c) sum += float(w(r, c)) != 0;
        },
        model);
    return sum;
}

}}}  // namespace reckon::v0::RECKON_ISA
