// What a kernel may do to a product before it is stored: the activation functions and the epilogue
// of `linear`. They stand in core because kernels, ops and layers all name them.
#pragma once

#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 {

enum class activation : std::uint8_t {
    none,
    relu,
    gelu,       // 0.5 x (1 + erf(x / sqrt 2))
    gelu_tanh,  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    silu,       // x / (1 + exp(-x))
};

/// y = f(x w^T + bias); a null bias adds nothing.
template <class E, class Space = host> struct epilogue {
    view<const E, Space> bias{};  // [1, out]
    activation f = activation::none;
};

/// One of several products of the same rows: y = f(x w^T + bias).
template <class W, class E, class Space = host> struct linear_operands {
    W w;
    epilogue<E, Space> e{};
    view<E, Space> y{};
};

enum class pooling : std::uint8_t { mean, first, last };

}}  // namespace reckon::v0
