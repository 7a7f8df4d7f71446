// quantise(model): dense float weights of the linears become int8 with a scale per output row,
// symmetric: scale = max |w| / 127. Biases, norms and tables stay as they are.
#pragma once

#include <reckon/layers/representation.hpp>

#include <cmath>

namespace reckon::inline v0 {

template <class Base> struct quantised : Base { using linear = int8_rows<typename Base::linear>; };

struct quantise_parameter {
    template <class Weight>
    void operator()(const path&, const Weight& from, int8_matrix<heap>& to) const {
        const auto w = from.look();
        for (idx o = 0; o < w.rows; ++o) {
            float top = 0;
            for (idx k = 0; k < w.cols; ++k) {
                const float magnitude = std::fabs(float(w(o, k)));
                expect_that(std::isfinite(magnitude), "quantise", "weight", "finite numbers",
                            "an infinity or NaN");
                if (magnitude > top) top = magnitude;
            }
            const float scale = top > 0 ? top / 127 : 1;
            to.scales.look()(0, o) = scale;
            for (idx k = 0; k < w.cols; ++k)
                to.values.look()(o, k) = std::int8_t(std::lrint(float(w(o, k)) / scale));
        }
    }
};

/// What comes out runs wherever a backend has a kernel for int8 rows.
template <template <class, auto> class Model, class Spec, auto Size>
Model<quantised<Spec>, Size> quantise(const Model<Spec, Size>& model) {
    return represented<quantised<Spec>>(model, overload{copy_parameter{}, quantise_parameter{}});
}

}  // namespace reckon::inline v0
