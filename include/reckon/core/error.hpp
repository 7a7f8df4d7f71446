// Errors at the door: every refusal names the op (or reader), the argument, what was expected and
// what came instead. With exceptions `fail` throws `reckon::error`; without them it calls
// `reckon::on_error`, which the program defines (a default that aborts would link malloc on a
// chip). The text lives in a fixed buffer, so raising an error allocates nothing of its own.
#pragma once

#include <reckon/core/config.hpp>

#include <concepts>
#include <string_view>
#include <utility>
#ifndef RECKON_NO_EXCEPTIONS
#include <exception>
#endif

namespace reckon::inline v0 {

/// Up to `Capacity` characters without a heap; what does not fit is cut and ends in "...".
template <idx Capacity> class fixed_text {
  public:
    constexpr fixed_text() = default;
    constexpr fixed_text(std::string_view text) { append(text); }
    constexpr fixed_text(const char* text) { append(std::string_view{text}); }
    constexpr fixed_text(std::integral auto number) { append(number); }

    constexpr void append(std::string_view text) {
        for (char c : text) push(c);
    }
    constexpr void append(std::integral auto number) {
        if (std::cmp_less(number, 0)) push('-');
        // the magnitude, which the most negative number has in unsigned only
        std::uint64_t rest =
            std::cmp_less(number, 0) ? 0 - std::uint64_t(number) : std::uint64_t(number);
        char digits[20]{};
        idx n = 0;
        do digits[n++] = char('0' + rest % 10);
        while ((rest /= 10) != 0);
        while (n != 0) push(digits[--n]);
    }
    constexpr std::string_view view() const { return {data_, size_}; }
    constexpr const char* c_str() const { return data_; }

  private:
    constexpr void push(char c) {
        if (size_ < Capacity)
            data_[size_++] = c;
        else
            for (idx i = 0; i < 3; ++i) data_[Capacity - 1 - i] = '.';
    }
    char data_[Capacity + 1]{};
    idx size_ = 0;
};

using error_text = fixed_text<120>;

#ifndef RECKON_NO_EXCEPTIONS
class error : public std::exception {
#else
class error {
#endif
  public:
    error(std::string_view op, std::string_view argument, const error_text& expected,
          const error_text& actual)
        : op_(op), argument_(argument), expected_(expected), actual_(actual) {
        for (std::string_view piece :
             {op, std::string_view{": "}, argument, std::string_view{": expected "},
              expected.view(), std::string_view{", got "}, actual.view()})
            message_.append(piece);
    }

    std::string_view op() const { return op_.view(); }
    std::string_view argument() const { return argument_.view(); }
    std::string_view expected() const { return expected_.view(); }
    std::string_view actual() const { return actual_.view(); }
#ifndef RECKON_NO_EXCEPTIONS
    const char* what() const noexcept override { return message_.c_str(); }
#else
    const char* what() const noexcept { return message_.c_str(); }
#endif

  private:
    error_text op_, argument_, expected_, actual_;
    fixed_text<500> message_;
};

#ifdef RECKON_NO_EXCEPTIONS
[[noreturn]] void on_error(const error&);  // defined by the program
#endif

[[noreturn]] inline void fail(std::string_view op, std::string_view argument,
                              const error_text& expected, const error_text& actual) {
#ifndef RECKON_NO_EXCEPTIONS
    throw error(op, argument, expected, actual);
#else
    on_error(error(op, argument, expected, actual));
#endif
}

/// The shape check of every op: both numbers are extents.
constexpr void expect(const char* op, const char* argument, idx expected, idx actual) {
    if (expected != actual) fail(op, argument, expected, actual);
}

/// A condition whose two sides are best said in words; `actual` is a number or a text.
template <class Actual>
constexpr void expect_that(bool holds, const char* op, const char* argument, const char* expected,
                           const Actual& actual) {
    if (!holds) fail(op, argument, expected, actual);
}

}  // namespace reckon::inline v0
