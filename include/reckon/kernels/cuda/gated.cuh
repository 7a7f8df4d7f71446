// y = f(gate) * x, one thread an element; y may be x.
#pragma once

#include <reckon/kernels/cuda/activate.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct gated_elements {
    activation f;
    view<const float, device> gate, x;
    view<float, device> y;

    __device__ void operator()(idx row, idx col) const {
        y(row, col) = activated(f, gate(row, col)) * x(row, col);
    }
};

}  // namespace cuda

template <class N, class C>
void gated_kernel(gpu_cuda<N>, C& ctx, activation f, view<const float, device> gate,
                  view<const float, device> x, view<float, device> y) {
    cuda::for_elements(ctx.state(), "gated", x.rows, x.cols, cuda::gated_elements{f, gate, x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
