// The spec that models derive theirs from: a transformer of dense floats. A model's own spec states
// what it does otherwise, a user's what it changes of that:
//     struct pocket : bert::spec { using linear = int8_rows<dense<float>>; };
#pragma once

#include <reckon/layers/block.hpp>
#include <reckon/layers/embedding.hpp>
#include <reckon/layers/stack.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct base_spec {
    using memory = heap;   // where parameters stand
    using number = float;  // biases, gains and learned positions
    using linear = dense<float>;
    using bias = with_bias;
    using table = dense<float>;
    using positions = learned_positions<position_order::from_first>;
    using block = transformer_block;
    using attention = softmax_attention;
    using norm = layer_normed;
    using norm_order = post_norm;
    using ffn = gelu_ffn;
    using sharing = share_none;
};

}}}  // namespace reckon::v0::RECKON_ISA
