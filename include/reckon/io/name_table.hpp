// A model's table of names (core/names.hpp) as load and save use it: the path of a parameter
// becomes the name of its tensor, and the tensors that the model has no use for are known.
#pragma once

#include <reckon/core/config.hpp>
#include <reckon/core/names.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace reckon::inline v0 {

class name_table {
  public:
    /// Both outlive the table. An entry of `ignored` is a name, or with a final `*` all names that
    /// begin so.
    explicit name_table(std::span<const renamed> names,
                        std::span<const std::string_view> ignored = {})
        : names_(names), ignored_(ignored) {}

    /// A path that no pair fits is the tensor's name itself.
    std::string of(std::string_view path) const {
        for (const renamed& pair : names_)
            if (auto name = apply(pair, path)) return *name;
        return std::string{path};
    }

    bool ignored(std::string_view tensor) const {
        return std::any_of(ignored_.begin(), ignored_.end(), [&](std::string_view entry) {
            return entry.ends_with('*') ? tensor.starts_with(entry.substr(0, entry.size() - 1))
                                        : tensor == entry;
        });
    }

  private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    static std::optional<std::string> apply(const renamed& pair, std::string_view path) {
        std::string number;  // what stands for the star
        idx at = 0;
        for (char c : pair.parameter) {
            if (c == '*') {
                while (at < path.size() && is_digit(path[at])) number += path[at++];
            } else if (at == path.size() || path[at++] != c) {
                return std::nullopt;
            }
        }
        if (at < path.size() && path[at] != '.') return std::nullopt;  // "norm" is not "norm_1"
        std::string name;
        for (char c : pair.tensor) name += c == '*' ? number : std::string(1, c);
        return name.append(path.substr(at));
    }

    std::span<const renamed> names_;
    std::span<const std::string_view> ignored_;
};

}  // namespace reckon::inline v0
