// copy_to(ctx, model): the same model in the memory of the context's accelerator; copy_back brings
// one home, or a tensor. A batch, its rows, numbers per sequence, masks and soft prompts go the
// same way, into the context's workspace until its scope ends (a host's stay where they are).
// Offsets stay on the host too, since the host plans the launches: keep the original alive.
#pragma once

#include <reckon/convert/convert.hpp>
#include <reckon/convert/place.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/ops/copy.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Copies every parameter, whatever its element type, through the context.
template <class C> struct copy_between_memories {
    C& ctx;

    template <class T, class From, class To>
    void operator()(const path&, const matrix<T, From>& from, matrix<T, To>& to) const {
        ops::copy(ctx, from.look(), to.look());
    }
};

template <any_context C, composed Model> auto copy_to(C& ctx, const Model& model) {
    using memory = typename C::kernels::memory;
    return convert<placed_in<memory, spec_of<Model>>>(model, copy_between_memories<C>{ctx});
}

template <any_context C, composed Model> auto copy_back(C& ctx, const Model& model) {
    return convert<placed_in<heap, spec_of<Model>>>(model, copy_between_memories<C>{ctx});
}

/// A tensor of the context as host floats.
template <any_context C>
void copy_back(C& ctx, view<const typename C::element, typename C::space> from, view<float> to) {
    if constexpr (std::same_as<typename C::space, host>) {
        expect("copy_back", "rows", from.rows, to.rows);
        expect("copy_back", "cols", from.cols, to.cols);
        for (idx row = 0; row < to.rows; ++row)
            for (idx c = 0; c < to.cols; ++c) to(row, c) = float(from(row, c));
    } else {
        ops::copy(ctx, from, to);
    }
}

/// A view of numbers, such as a table of rows or ids.
template <any_context C, class T>
view<const T, typename C::space> copy_to(C& ctx, view<const T> numbers) {
    if constexpr (std::same_as<typename C::space, host>) {
        return numbers;
    } else {
        const auto there = ctx.template make<T>(numbers.rows, numbers.cols);
        ops::copy(ctx, numbers, there);
        return there;
    }
}

template <any_context C> ragged copy_to(C& ctx, const ragged& sequences) {
    if (std::same_as<typename C::space, host> || sequences.count() == 0) return sequences;
    const auto offsets = copy_to(ctx, row_view(sequences.offsets(), sequences.count() + 1));
    return sequences.with_device_offsets(offsets.data);
}

template <any_context C> id_batch<typename C::space> copy_to(C& ctx, const id_batch<>& batch) {
    return {copy_to(ctx, batch.ids), copy_to(ctx, batch.sequences)};
}

/// One number for all sequences, or `count` of them.
template <any_context C> per_sequence copy_to(C& ctx, const per_sequence& numbers, idx count) {
    if (numbers.each == nullptr) return numbers;
    return copy_to(ctx, row_view(numbers.each, count)).data;
}

// Masks of so many sequences; one of your own that holds pointers has a copy_to of its own.
template <any_context C> bidirectional copy_to(C&, const bidirectional& m, idx) { return m; }
template <any_context C> causal copy_to(C&, const causal& m, idx) { return m; }
template <any_context C> prefix_lm copy_to(C& ctx, const prefix_lm& m, idx sequences) {
    return {copy_to(ctx, m.source, sequences)};
}
template <any_context C> sliding_window copy_to(C& ctx, const sliding_window& m, idx sequences) {
    return {copy_to(ctx, m.width, sequences)};
}
template <any_context C> segment_local copy_to(C& ctx, const segment_local& m, idx sequences) {
    const idx ends = idx(m.first[sequences]);
    return {copy_to(ctx, row_view(m.ends, ends)).data,
            copy_to(ctx, row_view(m.first, sequences + 1)).data, copy_to(ctx, m.source, sequences)};
}
template <any_context C>
history_and_group copy_to(C& ctx, const history_and_group& m, idx sequences) {
    return {copy_to(ctx, m.history, sequences), copy_to(ctx, m.group, sequences)};
}
template <any_context C, class Inner>
windowed<Inner> copy_to(C& ctx, const windowed<Inner>& m, idx sequences) {
    return {copy_to(ctx, m.width, sequences), copy_to(ctx, m.inner, sequences)};
}
template <any_context C, class Inner>
prompted<Inner> copy_to(C& ctx, const prompted<Inner>& m, idx sequences) {
    return {copy_to(ctx, m.prompts, sequences), copy_to(ctx, m.inner, sequences)};
}

/// Soft prompts that a host's context made (`soft_prompts_of`), with their table.
template <any_context C, any_context Host>
soft_prompts<C> copy_to(C& ctx, const soft_prompts<Host>& prompts) {
    const idx sequences = prompts.all.count();
    return {copy_to(ctx, prompts.table), copy_to(ctx, prompts.first, sequences),
            copy_to(ctx, prompts.count, sequences), copy_to(ctx, prompts.all)};
}

}}}  // namespace reckon::v0::RECKON_ISA
