// error: linear: the weight and the context live in different memory spaces; copy_to(ctx, model)
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/linear.hpp>

#ifdef RECKON_FIXED
using where = reckon::host;
#else
using where = reckon::device;
#endif

void run(reckon::context<reckon::cpu_reference>& ctx, reckon::view<float> x,
         reckon::view<const float, where> weight) {
    reckon::ops::linear(ctx, x, weight);
}
