// The lines of a text file, one at a time, with their numbers for errors. "\n" and "\r\n" end a
// line; the last one may go without. Lines are views of the text and of any length.
#pragma once

#include <reckon/io/load_error.hpp>
#include <reckon/io/mapped_file.hpp>

#include <string>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A file's bytes as the text they are; valid as long as the file is mapped.
inline std::string_view text_of(const mapped_file& file) {
    const auto bytes = file.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class line_reader {
  public:
    /// `op` and `file` are what errors name. The text is looked at, not copied.
    line_reader(std::string_view op, std::string_view file, std::string_view text)
        : op_(op), file_(file), rest_(text) {}

    /// Moves on to the following line; false at the end of the text.
    bool next() {
        if (rest_.empty()) return false;
        const auto end = rest_.find('\n');
        line_ = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
        if (line_.ends_with('\r')) line_.remove_suffix(1);
        ++number_;
        return true;
    }

    std::string_view line() const { return line_; }
    idx number() const { return number_; }  // from 1

    /// An error of this line.
    [[noreturn]] void refuse(std::string_view expected, std::string_view actual) const {
        throw load_error(op_, file_ + ": line " + std::to_string(number_), expected, actual);
    }

  private:
    std::string op_, file_;
    std::string_view rest_, line_;
    idx number_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
