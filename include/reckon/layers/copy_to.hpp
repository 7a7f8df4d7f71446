// copy_to(ctx, model): the same model in the memory of the context's accelerator; copy_back brings
// one home. copy_to(ctx, batch): ids and offsets there, in the context's workspace until its scope
// ends; the offsets stay on the host too, since the host plans the launches.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/placed.hpp>
#include <reckon/layers/representation.hpp>
#include <reckon/ops/copy.hpp>

namespace reckon::inline v0 {

/// Copies every parameter, whatever its element type, through the context.
template <class C> struct copy_between_memories {
    C& ctx;

    template <class T, class From, class To>
    void operator()(const path&, const matrix<T, From>& from, matrix<T, To>& to) const {
        ops::copy(ctx, from.look(), to.look());
    }
};

template <any_context C, template <class, auto> class Model, class Spec, auto Size>
auto copy_to(C& ctx, const Model<Spec, Size>& model) {
    using memory = typename C::kernels::memory;
    return represented<placed_in<memory, Spec>>(model, copy_between_memories<C>{ctx});
}

template <any_context C, template <class, auto> class Model, class Spec, auto Size>
auto copy_back(C& ctx, const Model<Spec, Size>& model) {
    return represented<placed_in<heap, Spec>>(model, copy_between_memories<C>{ctx});
}

template <any_context C> id_batch<typename C::space> copy_to(C& ctx, const id_batch<>& batch) {
    const auto ids = ctx.template make<std::int32_t>(1, batch.ids.cols);
    const auto offsets = ctx.template make<std::int32_t>(1, batch.rows.sequences() + 1);
    ops::copy(ctx, batch.ids, ids);
    ops::copy(ctx, row_view(batch.rows.offsets(), offsets.cols), offsets);
    return {ids, batch.rows.with_device_offsets(offsets.data)};
}

}  // namespace reckon::inline v0
