// Compiled twice, for baseline x86-64 and with -mavx2 -mfma: what programs do with models, over the
// same tags. The spec, the visitor and the hook are the program's own and carry no flags.
#include <reckon/backend/context.hpp>
#include <reckon/cache/kv_cache.hpp>
#include <reckon/convert/cast.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/convert/prune.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/core/random.hpp>
#include <reckon/kernels/simd.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/top_k.hpp>

#include <span>
#include <string_view>

struct pocket : reckon::sasrec::spec {
    using table = reckon::dense<reckon::bf16>;
    using ffn = reckon::silu_ffn;
    using norm_order = reckon::pre_norm;
    using sharing = reckon::share_all;
};

struct set_randomly {
    template <class T, class Memory>
    void operator()(const reckon::path& at, reckon::matrix<T, Memory>& p) const {
        const reckon::philox random{at.text().view().size()};
        for (reckon::idx i = 0; i < p.size(); ++i) p.data()[i] = T(random.uniform(i, -1, 1));
    }
};

struct stop_at_once {
    template <class C>
    reckon::flow layer_output(C&, reckon::idx, const reckon::tensor_of<C>&) const {
        return reckon::flow::stop;
    }
};

namespace RECKON_SIDE {

using context = reckon::context<reckon::cpu_simd<reckon::avx2>>;

float run_bert(context& ctx, const reckon::id_batch<>& batch) {
    const auto scope = ctx.scope();
    reckon::bert::model<> model, other{reckon::bert::base};
    reckon::walk_all(set_randomly{}, model);
    other = model;
    const auto packed = reckon::prepare(ctx, other);
    const auto bytes = reckon::quantise(model);
    const auto pruned = reckon::prunable(model);
    return packed(ctx, batch)(0, 0) + bytes(ctx, batch)(0, 0) + pruned(ctx, batch)(0, 0) +
           model(ctx, batch, stop_at_once{})(0, 0) + float(reckon::count(bytes).bytes);
}

float run_bert_on_cpu(const reckon::id_batch<>& batch) {
    reckon::context<reckon::cpu> ctx{{.max_isa = "avx2"}};
    const auto scope = ctx.scope();
    const reckon::bert::model<> model;
    return reckon::prepare(ctx, model)(ctx, batch)(0, 0) +
           reckon::prepare(ctx, reckon::quantise(model))(ctx, batch)(0, 0) +
           reckon::prepare(ctx, reckon::cast<reckon::bf16>(model))(ctx, batch)(0, 0);
}

template <class Model> float run_sasrec(context& ctx, const reckon::id_batch<>& batch) {
    const auto scope = ctx.scope();
    Model model;
    reckon::walk_all(set_randomly{}, model);
    return reckon::ops::top_k(ctx, reckon::quantise(model).scores(ctx, batch), 3).values(0, 0) +
           reckon::ops::top_k(ctx, model.scores(ctx, batch), 3).values(0, 0);
}

float attend(context& ctx, const reckon::ragged& sequences, const reckon::mask auto& visible) {
    const auto x = ctx.make(sequences.rows(), 8);
    const reckon::key_values<float> source{x, x};
    return reckon::ops::attention(ctx, x, sequences, source, visible, {.heads = 2})(0, 0);
}

float attend_int8(context& ctx, const reckon::ragged& sequences) {
    const auto scope = ctx.scope();
    const auto x = ctx.make(sequences.rows(), 8);
    reckon::kv_cache<std::int8_t> cache{
        {.layers = 1, .key_width = 8, .value_width = 8, .key_heads = 2},
        {.slots = 2, .tokens = 50}};
    const reckon::idx slots[] = {0, 1};
    const auto keys = cache.extend(ctx, {slots, sequences.count()}, sequences);
    cache.copy(0, 1);
    return reckon::ops::attention(ctx, x, sequences, keys.source(ctx, 0, sequences, x, x),
                                  reckon::causal{}, {.heads = 2})(0, 0);
}

float mask(context& ctx, const reckon::ragged& sequences, const std::int32_t* numbers) {
    using namespace reckon;
    const auto scope = ctx.scope();
    return attend(ctx, sequences, bidirectional{}) + attend(ctx, sequences, prefix_lm{numbers}) +
           attend(ctx, sequences, windowed<causal>{numbers, {}}) +
           attend(ctx, sequences, prompted<segment_local>{numbers, {numbers, numbers, 2}}) +
           attend(ctx, sequences, prompted<history_and_group>{2, {numbers, 3}});
}

float encode(std::span<const std::int32_t> ids, std::span<const std::int32_t> offsets,
             std::string_view& problem) {
    static char text[500];
    try {
        context ctx{{.threads = 2}};
        const auto batch = reckon::batch_of(ids, offsets);
        const auto first = reckon::batch_of(ids.first(1), offsets.first(2));
        using fixed =
            reckon::sasrec::model<reckon::sasrec::spec, reckon::sasrec::config{.items = 9}>;
        return run_bert(ctx, batch) + run_bert_on_cpu(batch) +
               run_sasrec<reckon::sasrec::model<pocket>>(ctx, batch) +
               run_sasrec<fixed>(ctx, first) + mask(ctx, batch.sequences, offsets.data()) +
               attend_int8(ctx, batch.sequences);
    } catch (const reckon::error& e) {
        problem = {text, std::string_view{e.what()}.copy(text, sizeof text)};
        return float(e.op().size() + e.argument().size() + e.expected().size() + e.actual().size());
    }
}

}  // namespace RECKON_SIDE
