// A language model without weights: its logits are random numbers, a function of all ids that the
// sequence has so far, read back from the cache, and of nothing else. Where rows get lost, doubled
// or mixed up, other texts come out.
#pragma once

#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/tasks/generate.hpp>

#include <span>
#include <vector>

namespace fake {

using namespace reckon;
using ids = std::vector<std::int32_t>;

struct fake_model {
    struct {
        idx vocabulary = 20, positions = 64, width = 1;
    } size{};
    float noise = 0;  // added to every logit

    cache_size cached() const { return {.layers = 2, .key_width = 1, .value_width = 1}; }
    static causal mask_of(const regions&) { return {}; }

    template <any_context C>
    view<float> embed(C& ctx, const id_batch<>& batch, per_sequence = {}) const {
        const auto x = ctx.make(batch.ids.cols, 1);
        for (idx i = 0; i < x.rows; ++i) x(i, 0) = float(batch.ids(0, i));
        return x;
    }

    template <any_context C, class Keys = own_keys>
    view<float> run(C& ctx, view<float> x, const ragged& sequences, causal = {},
                    const Keys& keys = {}) const {
        const auto first = keys.source(ctx, 0, sequences, x, x),
                   second = keys.source(ctx, 1, sequences, x, x);
        for (idx s = 0; s < sequences.count(); ++s) {
            float past = 0;  // a number that stands for all ids
            const idx begin = idx(second.first[s]),
                      held = idx(second.count[s]) - sequences.length(s);
            for (idx i = 0; i < held + sequences.length(s); ++i) {
                past = after(past, first.keys(begin + i, 0), second.values(begin + i, 0));
                if (i >= held) x(sequences.begin(s) + i - held, 0) = past;
            }
        }
        return x;
    }

    template <any_context C> view<float> logits(C& ctx, view<float> past) const {
        const auto y = ctx.make(past.rows, size.vocabulary);
        for (idx r = 0; r < y.rows; ++r)
            for (idx id = 0; id < y.cols; ++id)
                y(r, id) = philox{std::uint64_t(past(r, 0))}.uniform(id, -3, 3) + noise;
        return y;
    }

    /// Logits behind these ids, without batch and cache.
    std::vector<float> behind(std::span<const std::int32_t> text) const {
        float past = 0;
        for (std::int32_t id : text) past = after(past, float(id), float(id));
        context<cpu_reference> ctx;
        const auto scope = ctx.scope();
        const auto y = logits(ctx, view<float>{&past, 1, 1});
        return {y.data, y.data + y.cols};
    }

  private:
    static float after(float past, float key, float value) {
        return float(
            (std::uint32_t(past) * 37 + std::uint32_t(key) * 3 + std::uint32_t(value) + 1) %
            65'521);
    }
};

/// The rows that a model makes of these ids.
template <class C, class Model> matrix<float> rows_of(C& ctx, const Model& model, const ids& text) {
    const auto scope = ctx.scope();
    const std::int32_t offsets[] = {0, std::int32_t(text.size())};
    const auto x = model.embed(ctx, batch_of(text, offsets));
    matrix<float> rows(x.rows, x.cols);
    std::copy_n(x.data, x.size(), rows.data());
    return rows;
}

}  // namespace fake
