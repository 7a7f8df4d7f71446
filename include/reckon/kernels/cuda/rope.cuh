// Rotary positions: the angles of a batch, one thread a pair of a row, in double since a position
// times a turn loses its fraction in a float; and the turn itself, one thread a pair of x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct rope_angle_pairs {
    device_sequences sequences;
    per_sequence first;
    rope_options options;
    view<float, device> angles;

    __device__ void operator()(idx row, idx pair) const {
        const idx s = sequences.sequence_of(row);
        const double position = double(first[s] + (row - sequences.begin(s)));
        const double angle = position * options.turn(pair, angles.cols);
        angles(row, pair) = float(cos(angle));
        angles(row, angles.cols / 2 + pair) = float(sin(angle));
    }
};

struct turned_pairs {
    rope_layout layout;
    view<const float, device> angles;
    view<float, device> x;

    __device__ void operator()(idx row, idx pair) const {
        const idx width = angles.cols, pairs = width / 2;
        const idx head = pair / pairs * width, p = pair % pairs;
        const bool split = layout == rope_layout::half_split;
        float& a = x(row, head + (split ? p : 2 * p));
        float& b = x(row, head + (split ? p + pairs : 2 * p + 1));
        const float x_a = a, x_b = b, cosine = angles(row, p), sine = angles(row, pairs + p);
        a = x_a * cosine - x_b * sine;
        b = x_a * sine + x_b * cosine;
    }
};

}  // namespace cuda

template <class N, class C>
void rope_angles_kernel(gpu_cuda<N>, C& ctx, ragged sequences, per_sequence first,
                        rope_options options, view<float, device> angles) {
    const auto there = cuda::on_device("rope_angles", sequences);
    cuda::for_elements(ctx.state(), "rope_angles", angles.rows, angles.cols / 2,
                       cuda::rope_angle_pairs{there, first, options, angles});
}

template <class N, class C>
void rope_kernel(gpu_cuda<N>, C& ctx, rope_layout layout, view<const float, device> angles,
                 view<float, device> x) {
    cuda::for_elements(ctx.state(), "rope", x.rows, x.cols / angles.cols * (angles.cols / 2),
                       cuda::turned_pairs{layout, angles, x});
}

}}}  // namespace reckon::v0::RECKON_ISA
