// Where a module's output is changed by what the task of each row adds to it: y += delta(x), of the
// site's layer. Without tasks nothing of it is compiled.
#pragma once

#include <reckon/layers/site.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class adapted_place : std::uint8_t { query, value, ffn };

/// x: what the module read; y: what it made, of the same rows.
template <any_context C>
constexpr void adapt(C& ctx, const tensor_of<C>& x, tensor_of<C>& y, const auto& at,
                     adapted_place place) {
    if constexpr (requires { at.tasks.adapt(ctx, x, y, at, place); })
        at.tasks.adapt(ctx, x, y, at, place);
}

}}}  // namespace reckon::v0::RECKON_ISA
