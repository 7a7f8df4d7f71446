// What a task adds to the layers of a frozen backbone.
//     adapter (M6-Rec 3.3), beside the feed-forward of the rows z that it reads:
//         ffn(z) + gate (up(gelu(down(z))))
//     low_rank (LoRA; Hu et al. 2021), beside a linear layer: x w^T + up(down(x))
// Both begin as nothing: `up` is zero.
#pragma once

#include <reckon/layers/base_spec.hpp>
#include <reckon/ops/add_scaled.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct adapter {
    linear_layer<dense<float>, base_spec> down, up;  // [rank, width], [width, rank]
    matrix<float> gate;                              // [1, 1]

    adapter() = default;
    adapter(idx width, idx rank) : down(width, rank), up(rank, width), gate(1, 1) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("down", self.down...);
        f("up", self.up...);
        f("gate", self.gate...);
    }

    template <any_context C>
    void add_to(C& ctx, const tensor_of<C>& z, tensor_of<C>& y, const auto& at) const {
        ops::add_scaled_to(ctx, y, up(ctx, down(ctx, z, at, activation::gelu), at), gate.look());
    }
};

struct low_rank {
    matrix<float> down, up;  // [rank, in], [out, rank]

    low_rank() = default;
    low_rank(idx in, idx out, idx rank) : down(rank, in), up(out, rank) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("down", self.down...);
        f("up", self.up...);
    }

    template <any_context C>
    void add_to(C& ctx, const tensor_of<C>& x, tensor_of<C>& y, const auto&) const {
        ops::add_to(ctx, y, ops::linear(ctx, ops::linear(ctx, x, down.look()), up.look()));
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
