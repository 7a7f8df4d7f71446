// The load walk: fills a model's parameters by name from a checkpoint. Everything is compared
// before anything is copied, and one error lists all that is missing, surplus or of another shape.
// Float types convert into each other; int8 is int8. Parameters as they are trained and int8 rows
// are filled in host memory; every other representation (packed, in flash, on a device) is made of
// a loaded model by its own walk.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/io/load_error.hpp>
#include <reckon/io/named_parameters.hpp>
#include <reckon/io/safetensors.hpp>
#include <reckon/io/stored_tensor.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// A vector of a checkpoint, [n], is one row; a scalar is [1, 1].
template <class T, class Memory>
bool fits_parameter(const stored_tensor& tensor, const matrix<T, Memory>& p) {
    idx extents[2] = {1, 1};
    const idx rank = tensor.shape.size();
    if (rank > 2) return false;
    for (idx i = 0; i < rank; ++i) extents[2 - rank + i] = tensor.shape[i];
    return extents[0] == p.rows() && extents[1] == p.cols() && converts_to<T>(tensor.type);
}

template <class T, class Memory> std::string wanted(const matrix<T, Memory>& p) {
    const idx shape[] = {p.rows(), p.cols()};
    return described(stored_name(dtype_of<T>), shape);
}

/// What to do about a checkpoint of the other kind; empty where the types are not to blame.
template <class T, class Memory>
std::string_view remedy(const stored_tensor& tensor, const matrix<T, Memory>&) {
    if (std::same_as<T, std::int8_t> && converts_to<float>(tensor.type))
        return "\n  (float weights: load them into the float model, quantise(model) makes it int8)";
    if (converts_to<T>("F32") && tensor.type == "I8")
        return "\n  (int8 weights: load them into the model of quantised<its spec>)";
    return {};
}

/// A mask of elements: a checkpoint from before the pruning has none and changes none.
template <class T, class Memory> constexpr bool optional_parameter(const matrix<T, Memory>&) {
    return std::same_as<T, std::uint8_t>;
}

/// What kernels rely on: symmetric int8, whose least value is -127, and scales above zero.
inline void expect_int8_rows(const stored_tensor& values, const stored_tensor& scales, idx rows,
                             const std::string& file) {
    const auto refuse = [&](const stored_tensor& tensor, idx row, const char* expected,
                            const std::string& actual) {
        throw load_error("load",
                         file + ": " + in_quotes(tensor.name) + ", row " + std::to_string(row),
                         expected, actual);
    };
    std::vector<float> each(rows);
    copy_values(scales, std::span{each});
    for (idx row = 0; row < rows; ++row)
        if (!(std::isfinite(each[row]) && each[row] > 0))
            refuse(scales, row, "a finite scale above 0", std::to_string(each[row]));
    for (idx i = 0; i < values.bytes.size(); ++i)
        if (values.bytes[i] == std::byte{0x80})
            refuse(values, i / (values.bytes.size() / rows), "values within -127 and 127", "-128");
}

}  // namespace detail

/// Tensors by name, of one file or of several (io/safetensors.hpp, io/checkpoint.hpp). One that
/// also knows `let_go(tensor)` is told which tensors were copied.
template <class F>
concept tensor_source = requires(const F file, std::string_view name) {
    { file.tensors() } -> std::same_as<std::span<const stored_tensor>>;
    { file.find(name) } -> std::same_as<const stored_tensor*>;
    { file.name() } -> std::convertible_to<std::string>;
};

template <class Model, tensor_source File, checkpoint_names Names = own_names>
void load_parameters(Model& model, const File& file, const Names& names = {}) {
    std::string differences;
    std::string_view remedy;
    std::vector<bool> used(file.tensors().size());
    walk_named(model, names, [&](const std::string& name, std::string_view at, auto& p) {
        const stored_tensor* tensor = file.find(name);
        if (tensor == nullptr) {
            if (detail::optional_parameter(p)) return;
            differences += "\n  missing " + in_quotes(name) + ": " + detail::wanted(p) +
                           " of parameter " + std::string{at};
            return;
        }
        used[idx(tensor - file.tensors().data())] = true;
        if (detail::fits_parameter(*tensor, p)) return;
        if (remedy.empty()) remedy = detail::remedy(*tensor, p);
        differences += "\n  misshapen " + in_quotes(name) + ": expected " + detail::wanted(p) +
                       " of parameter " + std::string{at} + ", got " + described(*tensor);
    });
    for (idx i = 0; i < used.size(); ++i) {
        const stored_tensor& tensor = file.tensors()[i];
        if (!used[i] && !names.ignored(tensor.name))
            differences += "\n  surplus " + in_quotes(tensor.name) + ": " + described(tensor);
    }
    if (!differences.empty())
        throw load_error("load", file.name(), "exactly the model's parameters",
                         differences.append(remedy));
    walk_all(
        [&](const path& at, stored_as_one auto& p) {
            if constexpr (int8_weight<std::remove_reference_t<decltype(p)>>) {
                const std::string name = names.of(at.text().view());
                detail::expect_int8_rows(*file.find(name), *file.find(scales_of(name)), p.rows(),
                                         file.name());
            }
        },
        model);

    walk_named(model, names, [&](const std::string& name, std::string_view, auto& p) {
        const stored_tensor* const tensor = file.find(name);
        if (tensor == nullptr) return;
        copy_values(*tensor, std::span{p.data(), p.size()});
        if constexpr (requires { file.let_go(*tensor); }) file.let_go(*tensor);
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
