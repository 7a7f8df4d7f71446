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

namespace reckon { inline namespace v0 {

inline namespace RECKON_ISA {

/// Up to `Capacity` characters without a heap; what does not fit is cut and ends in "...".
template <idx Capacity> class fixed_text {
  public:
    static constexpr idx capacity = Capacity;

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

}  // namespace RECKON_ISA

/// One type in a whole program, whatever its files are compiled for, since one file catches what
/// another throws. So it holds plain characters, and its making carries the flags by `error_text`:
/// what differently compiled objects share of it is what a type has one of (its table of virtual
/// functions, its destructors, `what`), a few scalar instructions.
#ifndef RECKON_NO_EXCEPTIONS
class error : public std::exception {
#else
class error {
#endif
  public:
    error(std::string_view op, std::string_view argument, const error_text& expected,
          const error_text& actual) {
        op_ = add("", op);
        argument_ = add(": ", argument);
        expected_ = add(": expected ", expected);
        actual_ = add(", got ", actual);
    }
    RECKON_INLINE error(const error&) = default;
    RECKON_INLINE error& operator=(const error&) = default;

    RECKON_INLINE std::string_view op() const { return at(op_); }
    RECKON_INLINE std::string_view argument() const { return at(argument_); }
    RECKON_INLINE std::string_view expected() const { return at(expected_); }
    RECKON_INLINE std::string_view actual() const { return at(actual_); }
#ifndef RECKON_NO_EXCEPTIONS
    const char* what() const noexcept override { return message_; }
#else
    const char* what() const noexcept { return message_; }
#endif

  private:
    struct piece {  // of the message
        idx begin = 0, size = 0;
    };
    piece add(std::string_view before, const error_text& text) {
        for (char c : before) message_[size_++] = c;
        const piece added{size_, text.view().size()};
        for (char c : text.view()) message_[size_++] = c;
        return added;
    }
    RECKON_INLINE std::string_view at(piece p) const { return {message_ + p.begin, p.size}; }

    char message_[4 * error_text::capacity + sizeof(": : expected , got ")]{};
    idx size_ = 0;
    piece op_, argument_, expected_, actual_;
};

#ifdef RECKON_NO_EXCEPTIONS
[[noreturn]] void on_error(const error&);  // defined by the program
#endif

inline namespace RECKON_ISA {

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

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
