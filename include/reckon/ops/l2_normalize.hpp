// y = x / max(|x|, 1e-12), row by row (as torch.nn.functional.normalize).
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C> void run_l2_normalize(C& ctx, input_of<C> x, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { l2_normalize_kernel(Tag{}, ctx, x, y); })
        l2_normalize_kernel(Tag{}, ctx, x, y);
    else
        static_assert(sizeof(C) == 0,
                      "l2_normalize: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_l2_normalize = requires(C& ctx, input_of<C> x, output_of<C> y) {
    l2_normalize_kernel(typename C::tag{}, ctx, x, y);
};

template <any_context C> constexpr tensor_of<C> l2_normalize(C& ctx, tensor_of<C> x) {
    static_assert(!C::recording, "l2_normalize: has no backward yet");
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_l2_normalize(ctx, x, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
