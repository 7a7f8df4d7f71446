// What a language model asks of a tokenizer: text to ids and ids to text, with no special token in
// either. Every special id is put in by the caller; the three here are nothing where a vocabulary
// has none. Sentence encoders ask for less and have their own (wordpiece.hpp).
#pragma once

#include <reckon/core/error.hpp>

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class T>
concept tokenizer = requires(const T& t, std::string_view text, std::span<const std::int32_t> ids) {
    // No text yields bos() or eos(), however it is spelt.
    { t.encode(text) } -> std::same_as<std::vector<std::int32_t>>;
    // Skips bos() and eos(), strips the space that encode puts before a text. An id of
    // vocabulary() or more is an error.
    { t.decode(ids) } -> std::same_as<std::string>;
    { t.vocabulary() } -> std::same_as<idx>;  // ids are 0 .. vocabulary() - 1
    { t.bos() } -> std::same_as<std::optional<std::int32_t>>;
    { t.eos() } -> std::same_as<std::optional<std::int32_t>>;
    { t.unknown() } -> std::same_as<std::optional<std::int32_t>>;
};

namespace detail {
[[noreturn]] void inline refuse_id(std::string_view op, idx vocabulary, std::int32_t id) {
    error_text expected{"0 to "};
    expected.append(vocabulary - 1);
    fail(op, "ids", expected, id);
}
}  // namespace detail

}}}  // namespace reckon::v0::RECKON_ISA
