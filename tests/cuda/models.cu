// Whole models on the GPU against the CPU reference: the same weights, the same batch, another
// type of context. And models and batches that travel there and back.
#include "support.cuh"

#include <reckon/convert/prepare.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/m6/model.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/tasks/embed.hpp>

namespace {

const numbers lengths{7, 0, 1, 40, 19};
const numbers offsets = offsets_of(lengths);
const ragged sequences{offsets};

/// forward(ctx, model) on both, with the model where the context reaches it.
template <class Model, class Forward>
void agree(both& on, const char* what, const Model& model, const Forward& forward) {
    const auto there = copy_to(on.gpu, model);
    on.agree(
        what,
        [&](auto& ctx) {
            if constexpr (std::same_as<decltype(ctx), context<gpu_cuda<>>&>)
                return forward(ctx, there);
            else
                return forward(ctx, model);
        },
        tolerance::model);
}

void bert_forward(both& on) {
    const auto model = with_generated_weights(bert::model<>{
        {.vocabulary = 90, .positions = 48, .layers = 3, .heads = 4, .width = 64, .hidden = 160}});
    const numbers ids = generated_ids(1, sequences.rows(), 90);
    agree(on, "bert", model,
          [&](auto& ctx, const auto& m) { return m(ctx, copy_to(ctx, batch_of(ids, offsets))); });
}

/// The lines of a program, with another type of context.
template <class C> matrix<float> vectors(C& ctx, const bert::model<>& model) {
    const token_batch texts{generated_ids(7, 60, 90), {0, 7, 8, 48, 60}};
    return embed(ctx, prepare(ctx, model), texts, {.tokens = 20});
}

void bert_vectors(both& on) {
    const auto model = with_generated_weights(bert::model<>{
        {.vocabulary = 90, .positions = 48, .layers = 2, .heads = 2, .width = 32, .hidden = 64}});
    const auto there = vectors(on.gpu, model), here = vectors(on.cpu, model);
    const double off = test_support::relative_difference<float>({there.data(), there.size()},
                                                                {here.data(), here.size()});
    on.expect(off <= tolerance::model, "vectors of texts agree");
}

void sasrec_scores(both& on) {
    const auto model = with_generated_weights(sasrec::model<>{
        {.items = 200, .positions = 50, .layers = 2, .heads = 2, .width = 48, .hidden = 96}});
    const numbers some{0, 7, 8, 48, 67};
    const numbers ids = generated_ids(2, 67, 200);
    agree(on, "sasrec", model, [&](auto& ctx, const auto& m) {
        return m.scores(ctx, copy_to(ctx, batch_of(ids, some)));
    });
}

template <class Spec> void llama_logits(both& on, const char* what, bool tied, float factor) {
    const auto model =
        with_generated_weights(llama::model<Spec>{{.vocabulary = 120,
                                                   .layers = 3,
                                                   .heads = 8,
                                                   .key_heads = 2,
                                                   .head_width = 16,
                                                   .width = 64,
                                                   .hidden = 172,
                                                   .rope = {.scaling = {.factor = factor}},
                                                   .tied = tied}});
    const numbers ids = generated_ids(3, sequences.rows(), 120);
    agree(on, what, model, [&](auto& ctx, const auto& m) {
        return m.logits(ctx, m(ctx, copy_to(ctx, batch_of(ids, offsets))));
    });
}

struct interleaved : llama::spec {
    using positions = rotary<rope_layout::interleaved>;
};

/// Each sequence with a border and prompts of its own.
template <class Spec> void m6_logits(both& on, const char* what, idx embedding) {
    const auto model = with_generated_weights(m6::model<Spec>{{.vocabulary = 100,
                                                               .positions = 64,
                                                               .layers = 3,
                                                               .heads = 4,
                                                               .width = 64,
                                                               .hidden = 128,
                                                               .embedding = embedding}});
    const numbers ids = generated_ids(4, sequences.rows(), 100), sources{3, 0, 1, 30, 19},
                  first{0, 3, 1, 0, 2}, count{2, 1, 0, 5, 3};
    agree(on, what, model, [&](auto& ctx, const auto& m) {
        const auto batch = copy_to(ctx, batch_of(ids, offsets));
        const auto source = copy_to(ctx, per_sequence{sources.data()}, sequences.count());
        return m.logits(ctx, m(ctx, batch, source));
    });

    context<cpu_reference> cpu;
    const auto scope = cpu.scope();
    const auto prompts = generated(5, 5, 64);
    const auto front = soft_prompts_of(cpu, prompts.look(), per_sequence{first.data()},
                                       per_sequence{count.data()}, sequences);
    agree(on, (std::string{what} + " behind prompts").c_str(), model,
          [&](auto& ctx, const auto& m) {
              const auto batch = copy_to(ctx, batch_of(ids, offsets));
              const auto source = copy_to(ctx, per_sequence{sources.data()}, sequences.count());
              const auto prompts = copy_to(ctx, front);
              const auto x = with_soft_prompts(ctx, m, prompts, batch);
              return m.logits(ctx, m.run(ctx, x, prompts.all, m.mask_of({prompts.count, source})));
          });
}

void travel(both& on) {
    const auto model = with_generated_weights(
        sasrec::model<>{{.items = 40, .positions = 8, .layers = 2, .width = 16, .hidden = 32}});
    const auto back = copy_back(on.gpu, copy_to(on.gpu, model));
    bool same = true;
    walk_all(
        [&](const path&, const matrix<float>& a, const matrix<float>& b) {
            same = same && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
        },
        model, back);
    on.expect(same, "a model that travelled is what it was");

    const auto scope = on.gpu.scope();
    const numbers ids = generated_ids(6, sequences.rows(), 100);
    const auto batch = copy_to(on.gpu, batch_of(ids, offsets));
    numbers ids_back(ids.size()), offsets_back(offsets.size());
    ops::copy(on.gpu, batch.ids, row_view(ids_back.data(), ids_back.size()));
    const view<const std::int32_t, device> device_offsets{batch.sequences.device_offsets(), 1,
                                                          offsets.size()};
    ops::copy(on.gpu, device_offsets, row_view(offsets_back.data(), offsets_back.size()));
    on.expect(ids == ids_back && offsets == offsets_back, "a batch that travelled is what it was");
}

}  // namespace

int main() {
    if (!gpu_here("models")) return 0;
    both on;
    travel(on);
    bert_forward(on);
    bert_vectors(on);
    sasrec_scores(on);
    llama_logits<llama::spec>(on, "llama", true, 1);
    llama_logits<interleaved>(on, "llama, untied, interleaved, long waves stretched", false, 8);
    m6_logits<m6::spec>(on, "m6", 0);
    m6_logits<m6::edge_spec>(on, "m6 of shared layers and narrow tables", 32);
    return on.report("models");
}
