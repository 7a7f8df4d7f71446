// A vector for each text: the encoder's rows pooled into one and scaled to unit length (Reimers and
// Gurevych 2019). Texts keep their order; they go through the model in ragged batches of bounded
// size, so the workspace is bounded too. Cutting long texts is the tokenizer's.
#pragma once

#include <reckon/convert/copy_to.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/core/matrix.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/text/token_batch.hpp>

#include <cmath>
#include <concepts>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A model that makes a row of its width of every id.
template <class M, class C>
concept encoder = requires(const M model, C& ctx, const id_batch<typename C::space>& batch) {
    { model(ctx, batch) } -> std::convertible_to<tensor_of<C>>;
    { model.size.width } -> std::convertible_to<idx>;
};

struct embed_options {
    pooling how = pooling::mean;
    idx tokens = 2048;  // of one pass through the model; a longer text has its own
};

/// [texts, width], owned: nothing of it lies in the workspace. A text has at least one id.
template <any_context C, encoder<C> Model>
matrix<float> embed(C& ctx, const Model& model, const token_batch& texts,
                    const embed_options& options = {}) {
    matrix<float> vectors(texts.count(), model.size.width);
    const ragged all{texts.offsets};
    expect("embed", "texts.ids", all.rows(), texts.ids.size());
    std::vector<std::int32_t> offsets;
    for (idx first = 0, end = 0; first < all.count(); first = end) {
        offsets.assign(1, 0);
        const auto length = [&](idx text) { return all.begin(text + 1) - all.begin(first); };
        do offsets.push_back(static_cast<std::int32_t>(length(end++)));
        while (end < all.count() && length(end) <= options.tokens);

        const std::span ids{texts.ids.data() + all.begin(first), idx(offsets.back())};
        const auto scope = ctx.scope();
        const auto batch = copy_to(ctx, batch_of(ids, offsets));
        const auto pooled = ops::pool(ctx, model(ctx, batch), batch.sequences, options.how);
        const auto made = vectors.look().slice(first, end - first);
        copy_back(ctx, ops::l2_normalize(ctx, pooled), made);
        for (idx i = 0; i < made.size(); ++i)
            expect_that(std::isfinite(made.data[i]), "embed", "vectors", "finite numbers",
                        "others");
    }
    return vectors;
}

}}}  // namespace reckon::v0::RECKON_ISA
