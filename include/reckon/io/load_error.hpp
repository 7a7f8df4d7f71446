// The error of files: like `reckon::error`, with texts of any length, so that one error can list
// every wrong tensor of a checkpoint. Files belong to hosts: this folder needs exceptions.
#pragma once

#include <reckon/core/error.hpp>

#include <string>
#include <string_view>

namespace reckon { inline namespace v0 {

inline namespace RECKON_ISA {

inline std::string error_message(std::string_view op, std::string_view argument,
                                 std::string_view expected, std::string_view actual) {
    std::string message;
    for (std::string_view piece :
         {op, std::string_view{": "}, argument, std::string_view{": expected "}, expected,
          std::string_view{", got "}, actual})
        message += piece;
    return message;
}

}  // namespace RECKON_ISA

/// One type in a whole program, as `error` is.
class load_error : public error {
  public:
    RECKON_INLINE load_error(std::string_view op, std::string_view argument,
                             std::string_view expected, std::string_view actual)
        : error(op, argument, error_text(expected), error_text(actual)),
          message_(error_message(op, argument, expected, actual)) {}
    RECKON_INLINE load_error(const load_error&) = default;
    RECKON_INLINE load_error& operator=(const load_error&) = default;

    const char* what() const noexcept override { return message_.c_str(); }

  private:
    std::string message_;
};

inline namespace RECKON_ISA {

/// A text from a file as messages show it: at most 120 bytes, without the control characters that
/// a terminal would obey.
inline std::string legible(std::string_view text) {
    idx end = text.size();
    if (end > 120) {
        end = 120;  // and back to the beginning of a UTF-8 character
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
    }
    std::string shown;
    for (char c : text.substr(0, end))
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return end < text.size() ? shown + "..." : shown;
}
inline std::string in_quotes(std::string_view text) { return '"' + legible(text) + '"'; }

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
