// What one step of an optimiser does to a number: hyper-parameters as kernels take them.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 {

/// Stochastic gradient descent as torch.optim.SGD:
///     g' = scale g + decay w,  m = momentum m + (1 - damping) g',  w -= rate (m, or with nesterov
///     g' + momentum m)
struct momentum_step {
    float rate, scale = 1, decay = 0, momentum = 0, damping = 0;
    bool nesterov = false;
};

/// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as torch.optim has them:
///     g' = scale g (+ decay w: Adam),  m = b1 m + (1 - b1) g',  v = b2 v + (1 - b2) g'^2,
///     w = w keep - step m / (sqrt(v) / root + epsilon)
/// with keep = 1 - rate decay (AdamW) or 1, step = rate / (1 - b1^t), root = sqrt(1 - b2^t).
struct adam_step {
    float scale = 1, decay = 0, beta_1 = .9f, beta_2 = .999f, epsilon = 1e-8f, keep = 1, step, root;
};

}}  // namespace reckon::v0
