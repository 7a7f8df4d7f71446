// A tensor of a checkpoint: name, type, shape and the bytes it looks at. Typed access without a
// copy where type and alignment allow, else a converting copy. Owns no bytes; knows no file
// format's layout, only safetensors' names of element types.
#pragma once

#include <reckon/core/dtype.hpp>
#include <reckon/io/load_error.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

/// An element type of the format; reckon computes with some of them.
struct stored_type {
    std::string_view name;
    idx bytes;
};
inline constexpr stored_type stored_types[] = {
    {"BOOL", 1},    {"U8", 1},          {"I8", 1},          {"F8_E4M3", 1}, {"F8_E5M2", 1},
    {"F8_E8M0", 1}, {"F8_E4M3FNUZ", 1}, {"F8_E5M2FNUZ", 1}, {"U16", 2},     {"I16", 2},
    {"F16", 2},     {"BF16", 2},        {"U32", 4},         {"I32", 4},     {"F32", 4},
    {"U64", 8},     {"I64", 8},         {"F64", 8},         {"C64", 8},
};

/// Null where the format has no type of that name.
constexpr const stored_type* find_stored_type(std::string_view name) {
    for (const stored_type& type : stored_types)
        if (type.name == name) return &type;
    return nullptr;
}

/// How the format spells an element type of reckon.
constexpr std::string_view stored_name(dtype type) {
    switch (type) {
        case dtype::f64:
            return "F64";
        case dtype::f32:
            return "F32";
        case dtype::f16:
            return "F16";
        case dtype::bf16:
            return "BF16";
        case dtype::i64:
            return "I64";
        case dtype::i32:
            return "I32";
        case dtype::i8:
            return "I8";
        default:
            return "U8";
    }
}

struct stored_tensor {
    std::string name;
    std::string_view type;             // a name of stored_types: "F32"
    std::vector<idx> shape;            // row-major; empty for a scalar
    std::span<const std::byte> bytes;  // little-endian, packed
};

/// "F32 [30522, 384]"; of a very long shape only the beginning.
inline std::string described(std::string_view type, std::span<const idx> shape) {
    std::string text{type};
    text += " [";
    for (idx i = 0; i < shape.size(); ++i) {
        if (i == 8) return text += ", ...]";
        if (i != 0) text += ", ";
        text += std::to_string(shape[i]);
    }
    return text += ']';
}
inline std::string described(const stored_tensor& tensor) {
    return described(tensor.type, tensor.shape);
}

/// Of tensors sorted by name, the one of that name; null where there is none.
inline const stored_tensor* find_tensor(std::span<const stored_tensor> sorted,
                                        std::string_view name) {
    const auto found =
        std::lower_bound(sorted.begin(), sorted.end(), name,
                         [](const stored_tensor& t, std::string_view n) { return t.name < n; });
    return found != sorted.end() && found->name == name ? &*found : nullptr;
}

/// Refuses a tensor whose bytes are not as many as its type and shape take. `file` is for errors.
inline void expect_whole(const stored_tensor& tensor, std::string_view file) {
    const auto refuse = [&](const std::string& expected, const std::string& actual) {
        throw load_error("safetensors", std::string{file} + ": " + in_quotes(tensor.name), expected,
                         actual);
    };
    const stored_type* type = find_stored_type(tensor.type);
    if (type == nullptr) return refuse("a type of the format", in_quotes(tensor.type));
    idx bytes = type->bytes;
    for (idx extent : tensor.shape) {
        if (extent != 0 && bytes > std::numeric_limits<idx>::max() / extent)
            refuse("a size below 2^64 bytes", described(tensor));
        bytes *= extent;
    }
    if (tensor.bytes.size() != bytes)
        refuse(std::to_string(bytes) + " bytes for " + described(tensor),
               std::to_string(tensor.bytes.size()));
}

/// Refuses a name that stands twice.
inline void expect_distinct(std::span<const stored_tensor> tensors, std::string_view file) {
    std::vector<std::string_view> names;
    names.reserve(tensors.size());
    for (const stored_tensor& tensor : tensors) names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
        throw load_error("safetensors", std::string{file} + ": " + in_quotes(*twice), "one tensor",
                         "two of that name");
}

/// What a span to be written may hold.
template <class T>
concept storable = element<std::remove_const_t<T>>;

/// A tensor to be written, which looks at `values`.
template <storable T, idx N>
stored_tensor store(std::string name, std::vector<idx> shape, std::span<T, N> values) {
    return {std::move(name), stored_name(dtype_of<std::remove_const_t<T>>), std::move(shape),
            std::as_bytes(values)};
}

/// The elements where they lie. The type must be T's and the address a multiple of its alignment.
template <element T> std::span<const T> values(const stored_tensor& tensor) {
    if (tensor.type != stored_name(dtype_of<T>))
        throw load_error("values", in_quotes(tensor.name), stored_name(dtype_of<T>), tensor.type);
    if (tensor.bytes.empty()) return {};
    const auto address = reinterpret_cast<std::uintptr_t>(tensor.bytes.data());
    if (address % alignof(T) != 0)
        throw load_error("values", in_quotes(tensor.name),
                         "an address that " + std::to_string(alignof(T)) + " divides",
                         "another (copy_values reads it)");
    return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

/// Whether `copy_values` can fill elements of T: the same type, or one float type from another.
template <element T> constexpr bool converts_to(std::string_view type) {
    constexpr bool floats = std::convertible_to<T, float> && !std::integral<T>;
    return type == stored_name(dtype_of<T>) ||
           (floats && (type == "F64" || type == "F32" || type == "F16" || type == "BF16"));
}

namespace detail {

template <class From, class To> void convert_each(std::span<const std::byte> from, To* to) {
    for (idx i = 0; i < from.size() / sizeof(From); ++i) {
        From value;
        std::memcpy(&value, from.data() + i * sizeof(From), sizeof(From));
        if constexpr (std::same_as<To, double>)
            to[i] = double(value);
        else
            to[i] = To(float(value));
    }
}

}  // namespace detail

/// Copies from any address into `to`, of as many elements, widening or rounding between the float
/// types; what a narrower type cannot hold becomes infinite.
template <element T, idx N> void copy_values(const stored_tensor& tensor, std::span<T, N> to) {
    const stored_type* type = find_stored_type(tensor.type);
    if (type == nullptr || !converts_to<T>(tensor.type))
        throw load_error("copy_values", in_quotes(tensor.name),
                         "a type that becomes " + std::string{stored_name(dtype_of<T>)},
                         tensor.type);
    if (to.size() != tensor.bytes.size() / type->bytes)
        throw load_error("copy_values", in_quotes(tensor.name),
                         std::to_string(to.size()) + " elements", described(tensor));
    if (to.empty()) return;
    if (tensor.type == stored_name(dtype_of<T>)) {
        std::memcpy(to.data(), tensor.bytes.data(), tensor.bytes.size());
    } else if constexpr (!std::integral<T>) {
        if (tensor.type == "F64") detail::convert_each<double>(tensor.bytes, to.data());
        if (tensor.type == "F32") detail::convert_each<float>(tensor.bytes, to.data());
        if (tensor.type == "F16") detail::convert_each<f16>(tensor.bytes, to.data());
        if (tensor.type == "BF16") detail::convert_each<bf16>(tensor.bytes, to.data());
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
