// error: linear: this representation of a weight cannot be trained; train the dense one and convert
#include <reckon/backend/tape.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/linear.hpp>

using context = reckon::recording_context<reckon::cpu_reference>;

#ifdef RECKON_FIXED
using weight = reckon::view<const float>;
#else
using weight = reckon::pruned_view<reckon::view<const float>>;
#endif

void run(context& ctx, context::tensor x, weight w) { reckon::ops::linear(ctx, x, w); }
