// Applies a model's table of renamed parameters (core/renamed.hpp): the checkpoint_names that most
// models need.
#pragma once

#include <reckon/core/config.hpp>
#include <reckon/core/renamed.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class name_table {
  public:
    /// `ignored`: tensors the model has no use for; a '*' in one stands for any
    /// characters.
    constexpr name_table(std::span<const renamed> names,
                         std::span<const std::string_view> ignored = {})
        : names_(names), ignored_(ignored) {}

    std::string of(std::string_view path) const {
        for (const renamed& pair : names_)
            if (auto name = translated(path, pair)) return *name;
        return std::string{path};
    }

    bool ignored(std::string_view tensor) const {
        for (std::string_view pattern : ignored_)
            if (covers(pattern, tensor)) return true;
        return false;
    }

  private:
    static bool covers(std::string_view pattern, std::string_view name) {
        const idx star = pattern.find('*');
        if (star == pattern.npos) return pattern == name;
        if (!name.starts_with(pattern.substr(0, star))) return false;
        for (idx end = star; end <= name.size(); ++end)
            if (covers(pattern.substr(star + 1), name.substr(end))) return true;
        return false;
    }

    /// The name of a path that fits the pair, or nothing.
    static std::optional<std::string> translated(std::string_view path, const renamed& pair) {
        std::string_view number;
        idx at = 0;
        for (char c : pair.parameter) {
            if (c == '*') {
                const idx begin = at;
                while (at < path.size() && path[at] >= '0' && path[at] <= '9') ++at;
                if (at == begin) return {};
                number = path.substr(begin, at - begin);
            } else if (at == path.size() || path[at++] != c) {
                return {};
            }
        }
        if (at != path.size() && path[at] != '.') return {};
        std::string name;
        for (char c : pair.tensor)
            if (c == '*')
                name += number;
            else
                name += c;
        return name += path.substr(at);
    }

    std::span<const renamed> names_;
    std::span<const std::string_view> ignored_;
};

}}}  // namespace reckon::v0::RECKON_ISA
