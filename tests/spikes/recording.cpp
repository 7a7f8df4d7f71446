// An object that records a linear layer: the counter-example of inference_only.cpp.
#include <reckon/backend/tape.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/linear.hpp>

using namespace reckon;

float learn(recording_context<cpu_reference>& ctx, recording_context<cpu_reference>::tensor x,
            view<const float> w) {
    const auto y = ops::linear(ctx, x, w);
    if (y.grad != nullptr) ctx.replay();
    return y(0, 0);
}
