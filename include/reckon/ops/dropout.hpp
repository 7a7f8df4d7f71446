// y = x * mask, the mask of training's dropout (core/dropout.hpp) at the rows of these sequences.
#pragma once

#include <reckon/core/dropout.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// y may be x. The backward is the same product: dx = dy * mask.
struct dropout_op {
    static constexpr const char* name = "dropout";
    template <class C>
    using signature = void(dropout_mask mask, ragged sequences, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(dropout_kernel(tag, a...)) {
        dropout_kernel(tag, a...);
    }
};

template <any_context C>
constexpr tensor_of<C> dropout(C& ctx, tensor_of<C> x, const ragged& sequences,
                               const dropout_mask& mask) {
    expect("dropout", "x.rows", sequences.rows(), x.rows);
    auto y = ctx.make(x.rows, x.cols);
    dispatch<dropout_op>(ctx, mask, sequences, x, y);
    return recorded_onto<C>(
        ctx, y, x, passing::turned, {place_of<C>{}},
        [=](auto& c, auto dx, auto) { dispatch<dropout_op>(c, mask, sequences, dx, dx); });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
