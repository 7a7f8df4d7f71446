// A model whose parameters stand in constant arrays (flash, a mapped file) and are never copied:
//     constexpr sasrec::config size{..};
//     using chip_model = sasrec::model<placed_in<rom, sasrec::spec>, size>;
//     static constinit const chip_model model = placed<chip_model>({floats, bytes});
// The arrays hold the parameters in the order of the model's visit, one array per element type.
#pragma once

#include <reckon/core/visit.hpp>
#include <reckon/layers/spec.hpp>

#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Memory, class Base> struct placed_in : Base { using memory = Memory; };

struct constant_arrays {
    std::span<const float> floats{};
    std::span<const std::int8_t> bytes{};
};

/// The model over these arrays; both must be used up exactly.
template <class Model> constexpr Model placed(constant_arrays arrays) {
    Model model;
    const auto take = []<class T>(std::span<const T>& from, matrix<T, rom>& to) {
        expect_that(from.size() >= to.size(), "placed", "array", "as many values as the model has",
                    from.size());
        to.place(from.data());
        from = from.subspan(to.size());
    };
    walk_all(overload{[&](const path&, matrix<float, rom>& p) { take(arrays.floats, p); },
                      [&](const path&, int8_matrix<rom>& p) {
                          take(arrays.bytes, p.values);
                          take(arrays.floats, p.scales);
                      }},
             model);
    expect("placed", "values left over", 0, arrays.floats.size() + arrays.bytes.size());
    return model;
}

}}}  // namespace reckon::v0::RECKON_ISA
