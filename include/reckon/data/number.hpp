// Numbers in text files, read whole or not at all: no sign "+", no spaces, nothing behind the last
// digit, no infinity and no NaN. Free of the locale.
#pragma once

#include <reckon/core/config.hpp>

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Empty if the text is not a number or the type can't hold it.
template <class T>
requires std::integral<T> || std::floating_point<T> std::optional<T> number_from(
    std::string_view text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, value);
    if (status != std::errc{} || stop != end) return std::nullopt;
    if constexpr (std::floating_point<T>)
        if (!std::isfinite(value)) return std::nullopt;
    return value;
}

}}}  // namespace reckon::v0::RECKON_ISA
