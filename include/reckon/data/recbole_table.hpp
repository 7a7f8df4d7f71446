// RecBole's atomic files: a header of `name:type` columns and rows of as many fields, separated by
// tabs. Columns are found by their name; a field is a text until it is asked for as a number.
#pragma once

#include <reckon/data/number.hpp>
#include <reckon/io/lines.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class recbole_table {
  public:
    /// Reads the header. The text is looked at, not copied; `file` names it in errors.
    recbole_table(std::string_view text, std::string_view file) : lines_("recbole", file, text) {
        if (!lines_.next()) throw load_error("recbole", file, "a header", "an empty file");
        split();
        columns_ = fields_;
    }

    /// The place of a column, such as "rating:float".
    idx column(std::string_view name) const {
        const auto found = std::find(columns_.begin(), columns_.end(), name);
        if (found == columns_.end())
            lines_.refuse("a column " + in_quotes(name), "none of that name");
        return static_cast<idx>(found - columns_.begin());
    }

    /// Moves on to the following row; false at the end.
    bool next() {
        if (!lines_.next()) return false;
        split();
        if (fields_.size() != columns_.size())
            lines_.refuse(std::to_string(columns_.size()) + " fields",
                          std::to_string(fields_.size()));
        return true;
    }

    std::string_view text(idx column) const { return fields_[column]; }
    template <class T> T number(idx column) const {
        const auto value = number_from<T>(fields_[column]);
        if (!value) refuse(column, "a number");
        return *value;
    }

    /// An error of the present row's field.
    [[noreturn]] void refuse(idx column, std::string_view expected) const {
        lines_.refuse(std::string{columns_[column]} + " to be " + std::string{expected},
                      in_quotes(fields_[column]));
    }

  private:
    void split() {
        fields_.clear();
        std::string_view rest = lines_.line();
        for (;;) {
            const auto tab = rest.find('\t');
            fields_.push_back(rest.substr(0, tab));
            if (tab == rest.npos) return;
            rest.remove_prefix(tab + 1);
        }
    }

    line_reader lines_;
    std::vector<std::string_view> columns_, fields_;
};

}}}  // namespace reckon::v0::RECKON_ISA
