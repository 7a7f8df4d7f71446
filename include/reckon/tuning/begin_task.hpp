// Where a task begins: the model as it is. Soft prompts are rows of the token table, drawn; options
// are the mean rows of their words' ids; special tokens are their own rows (specs: M6-Rec's tied
// head means that the space of outputs is that of inputs). Adapters and low-rank terms add nothing
// yet.
#pragma once

#include <reckon/core/random.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/tuning/task.hpp>

#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// `words`: the ids of each option's word; one without ids begins as prompts do.
template <any_context C, class Model>
void begin_task(C& ctx, const Model& model, task& t,
                std::span<const std::vector<std::int32_t>> words, std::uint64_t seed) {
    initialise(t, seed,
               {{"*gate", ones{}},
                {"*.up*", zeros{}},
                {"*bias", zeros{}},
                {"classifier*", normal{}},
                {"*", xavier_uniform{}}});
    if (t.prompts.size() == 0) return;
    constexpr std::uint64_t prompts_stream = 0x70726f6d7074;  // "prompt"
    const philox random{seed, prompts_stream};
    const auto vocabulary = std::uint32_t(model.size.vocabulary);
    const auto put = [&](idx row, std::span<const std::int32_t> ids) {
        const auto scope = ctx.scope();
        const auto x = model.embed_ids(ctx, {ids.data(), 1, ids.size()});
        for (idx c = 0; c < x.cols; ++c) {
            double sum = 0;
            for (idx i = 0; i < x.rows; ++i) sum += double(x(i, c));
            t.prompts.look()(row, c) = float(sum / double(x.rows));
        }
    };
    for (idx row = 0; row < t.size.prompts; ++row) {
        const std::int32_t drawn[]{std::int32_t(random.below(row, vocabulary))};
        const idx option = row + t.classes() - t.size.prompts;  // wraps before the options
        if (has_options(t.method) && option < words.size() && !words[option].empty())
            put(row, words[option]);
        else
            put(row, drawn);
    }
    for (idx i = 0; i < t.special_ids.size(); ++i)
        put(t.size.prompts + i, std::span{&t.special_ids[i], 1});
}

}}}  // namespace reckon::v0::RECKON_ISA
