// quantise(model): dense float weights of the linears become int8 with a scale per output row,
// symmetric: scale = max |w| / 127. quantise_tables(model): so do the tables of rows by id, and
// with them a head that is such a table. Biases, norms and positions stay as they are.
#pragma once

#include <reckon/convert/convert.hpp>

#include <cmath>
#include <limits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Base> struct quantised : Base { using linear = int8_rows<typename Base::linear>; };
template <class Base> struct quantised_tables : Base {
    using table = int8_rows<typename Base::table>;
};

/// What is not int8 yet.
template <class W>
concept weight_of_floats = parameter<W> && !requires(const W& w) {
    w.scales;
};

struct quantise_parameter {
    static constexpr float least = 127 * std::numeric_limits<float>::min();

    template <weight_of_floats Weight>
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
            const float scale = top >= least ? top / 127 : 1;  // less than that becomes zero
            to.scales.look()(0, o) = scale;
            for (idx k = 0; k < w.cols; ++k)
                to.values.look()(o, k) = std::int8_t(std::lrint(float(w(o, k)) / scale));
        }
    }
};

/// What comes out runs wherever a backend has a kernel for int8 rows. Of a model that is given away
/// each weight is freed once it is int8.
template <composed Model> auto quantise(Model&& model) {
    return convert<quantised<spec_of<Model>>>(std::forward<Model>(model),
                                              overload{copy_parameter{}, quantise_parameter{}});
}
template <composed Model> auto quantise_tables(Model&& model) {
    return convert<quantised_tables<spec_of<Model>>>(
        std::forward<Model>(model), overload{copy_parameter{}, quantise_parameter{}});
}

}}}  // namespace reckon::v0::RECKON_ISA
