// Reader of safetensors files: 8 bytes of header length, a JSON header, then the tensors' bytes
// without holes (https://huggingface.co/docs/safetensors). Everything is checked before anything is
// shown; no tensor is copied; the largest allocation is a small multiple of the header.
#pragma once

#include <reckon/io/json.hpp>
#include <reckon/io/load_error.hpp>
#include <reckon/io/mapped_file.hpp>
#include <reckon/io/stored_tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

using text_map = std::map<std::string, std::string, std::less<>>;

/// The longest header that the format allows.
inline constexpr idx safetensors_header_limit = 100'000'000;

namespace detail {

/// Collects the header. Each event has a place where it may stand and is refused elsewhere, so that
/// nesting cannot grow and no key is overlooked.
class safetensors_header final : public json_events {
  public:
    safetensors_header(const std::string& file, std::span<const std::byte> data)
        : file_(file), data_(data) {}

    std::vector<stored_tensor> tensors;  // in the file's order
    text_map metadata;

    void open_object() override {
        if (place_ == place::document) {
            place_ = place::header;
        } else if (place_ == place::header && name_ == "__metadata__") {
            if (std::exchange(has_metadata_, true)) fail("one object", "a second one");
            place_ = place::metadata;
        } else if (place_ == place::header) {
            tensors.emplace_back().name = name_;
            field_ = seen_ = 0;
            place_ = place::tensor;
        } else {
            refuse("an object");
        }
    }

    void close_object() override {
        if (place_ == place::tensor) finish_tensor();
        place_ = place::header;
    }

    void key(const std::string& name) override {
        if (place_ == place::header) {
            name_ = name;
        } else if (place_ == place::metadata) {
            key_ = name;
        } else {
            field_ = name == "dtype"          ? type_field
                     : name == "shape"        ? shape_field
                     : name == "data_offsets" ? offsets_field
                                              : 0;
            if (field_ == 0) fail("dtype, shape and data_offsets", in_quotes(name));
            if ((seen_ & field_) != 0) fail("one " + name, "a second one");
            seen_ |= field_;
        }
    }

    void text(const std::string& value) override {
        if (place_ == place::metadata) {
            if (!metadata.emplace(key_, value).second)
                fail("one " + in_quotes(key_), "a second one");
        } else if (place_ == place::tensor && field_ == type_field) {
            const stored_type* type = find_stored_type(value);
            if (type == nullptr) fail("a type of the format", in_quotes(value));
            tensors.back().type = type->name;
        } else {
            refuse("a string");
        }
    }

    void open_array() override {
        if (place_ != place::tensor || field_ == type_field) refuse("an array");
        place_ = field_ == shape_field ? place::shape : place::offsets;
        offset_count_ = 0;
    }

    void number(std::uint64_t value) override {
        if (place_ == place::shape)
            tensors.back().shape.push_back(value);
        else if (place_ == place::offsets && offset_count_ < 2)
            offsets_[offset_count_++] = value;
        else
            refuse("the number " + std::to_string(value));
    }

    void close_array() override {
        if (place_ == place::offsets && offset_count_ != 2) refuse("fewer");
        place_ = place::tensor;
    }

    void refuse(const std::string& actual) override {
        switch (place_) {
            case place::document:
            case place::header:
                fail("an object", actual);
            case place::metadata:
                fail("a string for " + in_quotes(key_), actual);
            case place::shape:
                fail("non-negative integers as shape", actual);
            case place::offsets:
                fail("two non-negative integers as data_offsets", actual);
            case place::tensor:
                fail(field_ == type_field ? "a string as dtype" : "an array as shape and offsets",
                     actual);
        }
    }

  private:
    enum class place { document, header, metadata, tensor, shape, offsets };
    static constexpr unsigned type_field = 1, shape_field = 2, offsets_field = 4;

    void finish_tensor() {
        if ((seen_ & type_field) == 0) fail("a dtype", "none");
        if ((seen_ & shape_field) == 0) fail("a shape", "none");
        if ((seen_ & offsets_field) == 0) fail("data_offsets", "none");
        const auto [begin, end] = offsets_;
        if (begin > end || end > data_.size())
            fail("an ordered range within " + std::to_string(data_.size()) + " bytes",
                 "[" + std::to_string(begin) + ", " + std::to_string(end) + "]");
        tensors.back().bytes = data_.subspan(begin, end - begin);
        expect_whole(tensors.back(), file_);
    }

    [[noreturn]] void fail(const std::string& expected, const std::string& actual) const {
        const bool whole = place_ == place::document;
        throw load_error("safetensors", file_ + ": " + (whole ? "header" : in_quotes(name_)),
                         expected, actual);
    }

    const std::string& file_;
    std::span<const std::byte> data_;
    place place_ = place::document;
    std::string name_, key_;
    bool has_metadata_ = false;
    unsigned field_ = 0, seen_ = 0;
    std::uint64_t offsets_[2]{};
    unsigned offset_count_ = 0;
};

}  // namespace detail

class safetensors {
  public:
    /// Maps the file; pages are read when their tensors are.
    static safetensors open(const std::string& path) {
        mapped_file file{path};
        safetensors made{file.bytes(), path};
        made.file_ = std::move(file);
        return made;
    }

    /// Of bytes that outlive the reader; `name` is for errors.
    static safetensors view_of(std::span<const std::byte> bytes, std::string name = "memory") {
        return {bytes, std::move(name)};
    }

    /// Sorted by name.
    std::span<const stored_tensor> tensors() const { return tensors_; }
    const text_map& metadata() const { return metadata_; }
    const std::string& name() const { return name_; }

    /// Null where there is none.
    const stored_tensor* find(std::string_view tensor) const {
        return find_tensor(tensors_, tensor);
    }

    /// Whoever has copied the tensor needs its part of the file no longer in memory.
    void let_go(const stored_tensor& tensor) const { file_.let_go(tensor.bytes); }

    const stored_tensor& at(std::string_view tensor) const {
        const stored_tensor* found = find(tensor);
        if (found == nullptr) fail(in_quotes(tensor), "a tensor", "none of that name");
        return *found;
    }

  private:
    safetensors(std::span<const std::byte> bytes, std::string name) : name_(std::move(name)) {
        std::uint64_t length = 0;
        if (bytes.size() < sizeof length)
            fail("header", "8 bytes of length", std::to_string(bytes.size()));
        std::memcpy(&length, bytes.data(), sizeof length);
        bytes = bytes.subspan(sizeof length);
        const idx limit = std::min(bytes.size(), safetensors_header_limit);
        if (length > limit)
            fail("header", "at most " + std::to_string(limit) + " bytes", std::to_string(length));
        const std::string_view text{reinterpret_cast<const char*>(bytes.data()), length};
        if (!text.starts_with('{')) fail("header", "'{' as first byte", "another");

        const auto data = bytes.subspan(length);
        detail::safetensors_header header{name_, data};
        read_json_events(text, name_, header);
        tensors_ = std::move(header.tensors);
        metadata_ = std::move(header.metadata);
        expect_distinct(tensors_, name_);
        expect_contiguous(data);
        std::sort(tensors_.begin(), tensors_.end(),
                  [](const stored_tensor& a, const stored_tensor& b) { return a.name < b.name; });
    }

    /// The tensors, one behind the other, are the data. What is empty may stand between two others.
    void expect_contiguous(std::span<const std::byte> data) const {
        std::vector<const stored_tensor*> order;
        order.reserve(tensors_.size());
        for (const stored_tensor& tensor : tensors_) order.push_back(&tensor);
        std::sort(order.begin(), order.end(), [&](const stored_tensor* a, const stored_tensor* b) {
            return std::pair{a->bytes.data(), a->bytes.size()} <
                   std::pair{b->bytes.data(), b->bytes.size()};
        });
        idx end = 0;
        for (const stored_tensor* tensor : order) {
            const auto begin = idx(tensor->bytes.data() - data.data());
            if (begin != end)
                fail(in_quotes(tensor->name), "data from offset " + std::to_string(end),
                     begin > end ? "a hole before " + std::to_string(begin)
                                 : "an overlap from " + std::to_string(begin));
            end += tensor->bytes.size();
        }
        if (end != data.size())
            fail("data", std::to_string(end) + " bytes, as the header says",
                 std::to_string(data.size()));
    }

    [[noreturn]] void fail(const std::string& what, const std::string& expected,
                           const std::string& actual) const {
        throw load_error("safetensors", name_ + ": " + what, expected, actual);
    }

    mapped_file file_;
    std::string name_;
    std::vector<stored_tensor> tensors_;
    text_map metadata_;
};

}}}  // namespace reckon::v0::RECKON_ISA
