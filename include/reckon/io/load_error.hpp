// The error of files: like `reckon::error`, with texts of any length, so that one error can list
// every wrong tensor of a checkpoint. Files belong to hosts: this folder needs exceptions.
#pragma once

#include <reckon/core/error.hpp>

#include <string>
#include <string_view>

namespace reckon::inline v0 {

class load_error : public error {
  public:
    load_error(std::string_view op, std::string_view argument, std::string_view expected,
               std::string_view actual)
        : error(op, argument, error_text(expected), error_text(actual)) {
        for (std::string_view piece :
             {op, std::string_view{": "}, argument, std::string_view{": expected "}, expected,
              std::string_view{", got "}, actual})
            message_ += piece;
    }

    const char* what() const noexcept override { return message_.c_str(); }

  private:
    std::string message_;
};

/// A text from a file as messages show it: in quotes, at most 120 bytes, without the control
/// characters a terminal would obey.
inline std::string in_quotes(std::string_view text) {
    constexpr idx limit = 120;
    const bool cut = text.size() > limit;
    if (cut) {
        idx end = limit;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
        text = text.substr(0, end);  // a whole number of UTF-8 characters
    }
    std::string shown{'"'};
    for (char c : text) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return shown += cut ? "\"..." : "\"";
}

}  // namespace reckon::inline v0
