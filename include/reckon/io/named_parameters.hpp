// A model's parameters under the names of a checkpoint: what load and save share.
// `checkpoint_names` turns a parameter's path ("layers.0.ffn.up.weight") into the tensor's name and
// tells which of the checkpoint's tensors the model has no use for (io/name_table.hpp makes one of
// a model's table). A weight of int8 rows is two tensors, called as compressed-tensors calls them:
// its values, I8 [out, in], under the weight's name and the scales of its rows, F32 [out], under
// that name and "_scale".
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/core/visit.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class N>
concept checkpoint_names = requires(const N names, std::string_view text) {
    { names.of(text) } -> std::convertible_to<std::string>;
    { names.ignored(text) } -> std::convertible_to<bool>;
};

/// The paths themselves, and every tensor is needed: what reckon saves for itself.
struct own_names {
    std::string of(std::string_view path) const { return std::string{path}; }
    bool ignored(std::string_view) const { return false; }
};

/// A parameter as training leaves it: one dense matrix that the host may write.
template <class P>
concept trained_parameter = requires(P& p) {
    requires std::same_as<P, matrix<typename P::value_type, typename P::memory>>;
    requires std::same_as<typename P::space, host>;
    { p.data() } -> std::same_as<typename P::value_type*>;
};

/// int8 values and the scales of their rows.
template <class P>
concept int8_weight = parameter<P> && requires(P& p) {
    p.values;
    p.scales;
};

/// A weight with a mask is walked as two: the weight under its own name, and "kept" below it.
template <class P>
concept stored_as_one = parameter<P> && !requires(P & p) {
    p.kept;
};

/// What the scales of a weight's rows are called.
inline std::string scales_of(std::string_view weight) { return std::string{weight} += "_scale"; }

/// Walks the trained parameters with their names in the checkpoint: visit(name, path, matrix).
template <class Model, checkpoint_names Names, class Visit>
void walk_named(Model& model, const Names& names, Visit visit) {
    const auto one = [&](const std::string& name, std::string_view at, auto& p) {
        constexpr bool trained = trained_parameter<std::remove_cvref_t<decltype(p)>>;
        static_assert(trained,
                      "checkpoints hold parameters as dense<T> or int8_rows<> in host memory: load "
                      "or save such a model, and make this one from it with its walk (prepare, "
                      "copy_to, placed)");
        if constexpr (trained) visit(name, at, p);
    };
    walk_all(
        [&](const path& at, stored_as_one auto& p) {
            const auto place = at.text();
            const std::string name = names.of(place.view());
            if constexpr (int8_weight<std::remove_reference_t<decltype(p)>>) {
                one(name, place.view(), p.values);
                one(scales_of(name), scales_of(place.view()), p.scales);
            } else {
                one(name, place.view(), p);
            }
        },
        model);
}

}}}  // namespace reckon::v0::RECKON_ISA
