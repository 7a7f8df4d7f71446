// The ways to tune a language model for a task (M6-Rec 3, and Hu et al. 2021), by what they train:
//     full            the backbone, and a classifier
//     prompt          soft prompts in front of each text, and a classifier
//     option          soft prompts, of which the last are the classifier's rows as well, and the
//                     vectors of the special tokens
//     adapter         an adapter in each layer, and a classifier
//     option_adapter  option and adapter together
//     lora            low-rank terms of the queries' and values' weights, and a classifier
#pragma once

#include <reckon/io/load_error.hpp>

#include <string>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class tuning_method : std::uint8_t { full, prompt, option, adapter, option_adapter, lora };

inline constexpr std::string_view tuning_methods[] = {"full",    "prompt",         "option",
                                                      "adapter", "option-adapter", "lora"};

constexpr std::string_view name_of(tuning_method m) { return tuning_methods[idx(m)]; }

inline tuning_method tuning_method_of(std::string_view name) {
    for (idx i = 0; i < std::size(tuning_methods); ++i)
        if (tuning_methods[i] == name) return tuning_method(i);
    throw load_error("tune", "method", "full, prompt, option, adapter, option-adapter or lora",
                     in_quotes(name));
}

constexpr bool trains_backbone(tuning_method m) { return m == tuning_method::full; }
constexpr bool has_options(tuning_method m) {
    return m == tuning_method::option || m == tuning_method::option_adapter;
}
constexpr bool has_prompts(tuning_method m) { return m == tuning_method::prompt || has_options(m); }
constexpr bool has_adapters(tuning_method m) {
    return m == tuning_method::adapter || m == tuning_method::option_adapter;
}

}}}  // namespace reckon::v0::RECKON_ISA
