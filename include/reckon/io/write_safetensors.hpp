// Writer of safetensors files. The same tensors and metadata give the same bytes: tensors stand by
// falling element size, then by name, so that each is aligned to its own elements; the header is
// padded to 8 bytes. The file appears whole or not at all.
#pragma once

#include <reckon/io/atomic_file.hpp>
#include <reckon/io/json.hpp>
#include <reckon/io/safetensors.hpp>
#include <reckon/io/stored_tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

inline std::vector<const stored_tensor*> writing_order(std::span<const stored_tensor> tensors,
                                                       const std::string& path) {
    std::vector<const stored_tensor*> order;
    order.reserve(tensors.size());
    expect_distinct(tensors, path);
    for (const stored_tensor& tensor : tensors) {
        expect_whole(tensor, path);
        if (tensor.name == "__metadata__")
            throw load_error("safetensors", path, "names of tensors", in_quotes(tensor.name));
        order.push_back(&tensor);
    }
    const auto key = [](const stored_tensor* tensor) {
        return std::pair{-std::int64_t(find_stored_type(tensor->type)->bytes),
                         std::string_view{tensor->name}};
    };
    std::sort(order.begin(), order.end(),
              [&](const auto* a, const auto* b) { return key(a) < key(b); });
    return order;
}

inline std::string header_of(std::span<const stored_tensor* const> order, const text_map& metadata,
                             const std::string& path) {
    std::string header = "{";
    const auto separate = [&] {
        if (header.back() != '{') header += ',';
    };
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata) {
            separate();
            header += json_string(key) + ':' + json_string(value);
        }
        header += '}';
    }
    idx begin = 0;
    for (const stored_tensor* tensor : order) {
        separate();
        header += json_string(tensor->name) + ":{\"dtype\":\"" + std::string{tensor->type} +
                  "\",\"shape\":[";
        for (idx i = 0; i < tensor->shape.size(); ++i)
            header += (i == 0 ? "" : ",") + std::to_string(tensor->shape[i]);
        const idx end = begin + tensor->bytes.size();
        header += "],\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
        begin = end;
    }
    header += '}';
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > safetensors_header_limit)
        throw load_error(
            "safetensors", path,
            "a header of at most " + std::to_string(safetensors_header_limit) + " bytes",
            std::to_string(header.size()));
    return header;
}

}  // namespace detail

/// Writes `tensors`, whose names must differ, to `path`.
inline void write_safetensors(const std::string& path, std::span<const stored_tensor> tensors,
                              const text_map& metadata = {}) {
    const auto order = detail::writing_order(tensors, path);
    const std::string header = detail::header_of(order, metadata, path);
    atomic_file file{path};
    const std::uint64_t length = header.size();
    file.write(std::as_bytes(std::span{&length, 1}));
    file.write(std::as_bytes(std::span{header}));
    for (const stored_tensor* tensor : order) file.write(tensor->bytes);
    file.commit();
}

}}}  // namespace reckon::v0::RECKON_ISA
