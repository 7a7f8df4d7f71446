// cast<T>(model): the weights of the linears and the tables become T, bf16 or f16, rounded to
// nearest even; biases, norms and learned positions stay as they are. Numbers beyond T's largest
// become infinite, as they do in any conversion; a model with such weights is refused.
#pragma once

#include <reckon/convert/convert.hpp>
#include <reckon/layers/embedding.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class T, class Base> struct cast_to : Base {
    using linear = dense<T>;
    using table = dense<T>;
};

struct cast_parameter {
    template <class From, class To>
    requires(!std::same_as<From, To>) void operator()(const path&, const matrix<From, heap>& from,
                                                      matrix<To, heap>& to) const {
        for (idx i = 0; i < from.size(); ++i) {
            to.data()[i] = To(float(from.data()[i]));
            expect_that(std::isfinite(float(to.data()[i])), "cast", "weight",
                        "numbers that stay finite", "others");
        }
    }
};

/// model<Spec> -> model<cast_to<T, Spec>>; of a model that is given away each weight is freed once
/// it is rounded.
template <class T, composed Model> auto cast(Model&& model) {
    return convert<cast_to<T, spec_of<Model>>>(std::forward<Model>(model),
                                               overload{copy_parameter{}, cast_parameter{}});
}

}}}  // namespace reckon::v0::RECKON_ISA
