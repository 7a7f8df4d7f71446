// y = x / max(|x|, 1e-12), row by row (as torch.nn.functional.normalize).
#pragma once

#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct l2_normalize_op {
    static constexpr const char* name = "l2_normalize";
    template <class C> using signature = void(input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(l2_normalize_kernel(tag, a...)) {
        l2_normalize_kernel(tag, a...);
    }
};

template <any_context C> constexpr tensor_of<C> l2_normalize(C& ctx, tensor_of<C> x) {
    static_assert(!C::recording, "l2_normalize: has no backward yet");
    auto y = ctx.make(x.rows, x.cols);
    dispatch<l2_normalize_op>(ctx, x, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
