// cpu takes the instruction set when a context is made: what it computes is, to the bit, what
// cpu_simd of that set computes, over every kind of weight and cache and under every cap.
#include "conformance.hpp"

#if defined(RECKON_SIMD_COMPILED) || \
    (defined(RECKON_WITH_XSIMD) && (defined(__SSE4_2__) || defined(__aarch64__)))
#include "support/small_models.hpp"

#include <reckon/backend/workspace_bytes.hpp>
#include <reckon/convert/cast.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/ops/activate.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/add_row.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/concat.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear_transposed.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>
#include <reckon/ops/store_rows.hpp>
#include <reckon/ops/top_k.hpp>
#include <reckon/retrieval/exact_index.hpp>
#include <reckon/retrieval/int8_index.hpp>
#include <reckon/tasks/generate.hpp>

#include <string>
#include <utility>

using namespace conformance;

namespace {

struct result {
    std::string name;
    std::vector<float> values;
};
using results = std::vector<result>;

void same(const results& a, const results& b) {
    REQUIRE(a.size() == b.size());
    for (idx i = 0; i < a.size(); ++i) {
        INFO(a[i].name);
        REQUIRE(a[i].values.size() == b[i].values.size());
        idx differ = 0;
        for (idx k = 0; k < a[i].values.size(); ++k)
            differ += __builtin_bit_cast(std::uint32_t, a[i].values[k]) !=
                      __builtin_bit_cast(std::uint32_t, b[i].values[k]);
        CHECK(differ == 0);
    }
}

constexpr idx width = 42, heads = 3, hidden = 101;  // no multiple of any vector
const std::int32_t offsets[] = {0, 3, 4, 37, 100};

/// Weights of one kind, as they are and packed, one and several at a time.
template <class Packing, class C, class W>
void add_products(results& all, C& ctx, const std::string& of, view<float> x, W w,
                  view<const float> bias) {
    const epilogue<float> e{bias, activation::gelu};
    all.push_back({"linear, " + of, values_of(ops::linear(ctx, x, w, e))});
    typename Packing::matrix packed(w.rows, w.cols);
    Packing::pack(ctx, w, packed);
    all.push_back({"linear, packed " + of, values_of(ops::linear(ctx, x, packed.look(), e))});
    using operands = linear_operands<decltype(packed.look()), float>;
    const operands group[]{{packed.look(), e}, {packed.look()}};
    for (const auto& y : ops::linears(ctx, x, group))
        all.push_back({"linears, packed " + of, values_of(y)});
}

/// Every op over numbers that are not round.
template <class C> results every_op(C& ctx) {
    const auto scope = ctx.scope();
    const ragged sequences{offsets};
    numbers x(1, sequences.rows(), width), other(2, sequences.rows(), width);
    numbers w(3, hidden, width), back(4, width, hidden), bias(5, 1, hidden), gain(6, 1, width);
    matrix<bf16> w_bf16(hidden, width);
    int8_matrix<> w_int8(hidden, width);
    for (idx o = 0; o < hidden; ++o) {
        w_int8.scales.look()(0, o) = 0.01f;
        for (idx k = 0; k < width; ++k) {
            w_bf16.look()(o, k) = bf16(w.look()(o, k));
            w_int8.values.look()(o, k) = std::int8_t(127 * w.look()(o, k));
        }
    }
    results all;
    const auto add = [&](const char* name, view<const float> y) {
        all.push_back({name, values_of(y)});
    };
    using packing = typename C::kernels::packing;
    add_products<packing>(all, ctx, "f32", x.look(), view<const float>{w.look()}, bias.look());
    add_products<typename packing::int8>(all, ctx, "int8", x.look(), std::as_const(w_int8).look(),
                                         bias.look());
    add_products<typename packing::bf16>(all, ctx, "bf16", x.look(), std::as_const(w_bf16).look(),
                                         bias.look());
    add("linear_transposed", ops::linear_transposed(ctx, x.look(), view<const float>{back.look()}));

    add("layer_norm", ops::layer_norm(ctx, x.look(), gain.look(), gain.look(), 1e-5f));
    add("rms_norm", ops::rms_norm(ctx, x.look(), gain.look(), 1e-5f));
    auto sum = copy(ctx, x.look());
    add("add_layer_norm",
        ops::add_layer_norm(ctx, sum, other.look(), gain.look(), gain.look(), 1e-5f));
    add("add_rms_norm", ops::add_rms_norm(ctx, sum, other.look(), gain.look(), 1e-5f));
    add("their sums", sum);
    for (const activation f :
         {activation::relu, activation::gelu, activation::gelu_tanh, activation::silu})
        add("activate", ops::activate(ctx, copy(ctx, x.look()), f));
    add("gated", ops::gated(ctx, copy(ctx, x.look()), other.look(), activation::silu));
    add("add", ops::add(ctx, x.look(), other.look()));
    ops::add_row_to(ctx, sum, gain.look());
    add("add_row", sum);
    add("l2_normalize", ops::l2_normalize(ctx, copy(ctx, x.look())));
    add("log_softmax", ops::log_softmax(ctx, copy(ctx, x.look())));
    for (const pooling how : {pooling::mean, pooling::first, pooling::last})
        add("pool", ops::pool(ctx, x.look(), sequences, how));
    const auto best = ops::top_k(ctx, x.look(), 5);
    add("top_k", best.values);
    for (idx r = 0; r < best.columns.rows; ++r) CHECK(best.columns(r, 0) >= 0);

    const std::int32_t ids[] = {7, 100, 0, 55};
    auto rows = ops::embedding(ctx, row_view(ids, 4), view<const float>{w.look()});
    ops::embedding_add_to(ctx, rows, row_view(ids, 4), std::as_const(w_int8).look());
    ops::embedding_add_to(ctx, rows, row_view(ids, 4), view<const float>{w.look()});
    add("embedding", rows);
    add("embedding, int8 rows",
        ops::embedding(ctx, row_view(ids, 4), std::as_const(w_int8).look()));
    const auto angles = ops::rope_angles(ctx, sequences, 0, width / heads, {});
    for (const rope_layout layout : {rope_layout::half_split, rope_layout::interleaved}) {
        auto turned = copy(ctx, x.look());
        ops::rope(ctx, turned, angles, layout);
        add("rope", turned);
    }
    const std::int32_t longer[] = {0, 4, 6, 40, 104};
    add("concat", ops::concat(ctx, other.look(), 0, x.look(), sequences, ragged{longer}));

    const auto attend = [&]<class K>(const char* name, K, auto cache) {
        ops::store_rows(ctx, x.look(), sequences, per_sequence{offsets}, cache);
        const cache_view<const K> kept = cache;
        add(name, ops::attention(ctx, other.look(), sequences, key_values<K>{kept, kept}, causal{},
                                 {.heads = heads, .scale = 0.4f}));
    };
    matrix<float> f32(x.rows, width), scales(x.rows, heads);
    matrix<bf16> half(x.rows, width);
    matrix<std::int8_t> int8(x.rows, width);
    attend("attention, f32", float{}, f32.look());
    attend("attention, bf16", bf16{}, half.look());
    attend("attention, int8", std::int8_t{},
           int8_heads_view<std::int8_t>{int8.look(), scales.look()});
    return all;
}

const auto bert_model = small::with_random_weights(bert::model<>{
    {.vocabulary = 20, .positions = 8, .layers = 2, .heads = 2, .width = 24, .hidden = 40}});

template <class C> std::vector<float> generated(C& ctx, auto cells, const auto& model) {
    using K = decltype(cells);
    generator<C, std::decay_t<decltype(model)>, K> texts(ctx, model, {.slots = 2, .tokens = 40});
    const idx first = texts.enter({.prompt = {1, 17, 9}, .max_tokens = 30});
    const idx second = texts.enter({.prompt = {1}, .max_tokens = 20});
    while (texts.running() != 0) texts.step();
    std::vector<float> ids;
    for (idx s : {first, second})
        for (std::int32_t id : texts.output(s)) ids.push_back(float(id));
    return ids;
}

/// Whole models, prepared, and an index.
template <class C> results every_model(C& ctx) {
    results all;
    const auto encode = [&](const char* name, const auto& model) {
        const auto scope = ctx.scope();
        all.push_back({name, values_of(prepare(ctx, model)(ctx, small::batch()))});
    };
    encode("bert, f32", bert_model);
    encode("bert, int8", quantise(bert_model));
    encode("bert, bf16", cast<bf16>(bert_model));
    const auto llama = small::with_random_weights(llama::model<>{});
    const auto packed = prepare(ctx, llama);
    all.push_back({"llama over f32", generated(ctx, float{}, packed)});
    all.push_back({"llama over bf16", generated(ctx, bf16{}, packed)});
    all.push_back({"llama over int8", generated(ctx, std::int8_t{}, packed)});

    numbers items(8, 300, 40), queries(9, 5, 40);
    const auto search = [&](const char* name, const auto& index) {
        all.push_back({name, values_of(index.search(ctx, queries.look(), 7).scores.look())});
    };
    matrix<float> vectors(items.rows, items.cols);
    for (idx r = 0; r < items.rows; ++r)
        std::copy_n(items.look().row(r), items.cols, vectors.look().row(r));
    search("exact_index", prepare(ctx, exact_index{vectors}));
    search("int8_index", prepare(ctx, int8_index{vectors}));
    return all;
}

/// f<Set>(cap) for what this program may use on this CPU.
template <class F> void each_set(const std::string& test, const F& f) {
    const auto once = [&]<class Set>() {
        if constexpr (std::same_as<simd::any_arch, Set> ||
                      (simd::linked && !std::same_as<Set, neon64>)) {
            INFO(Set::name);
            if (Set::here())
                return f.template operator()<Set>(
                    context_options{.max_isa = Set::set == isa::neon64 ? "" : Set::name});
            test_support::skip(test + " " + Set::name, std::string{"this CPU lacks "} + Set::name);
        }
    };
    once.template operator()<sse4_2>();
    once.template operator()<avx2>();
    once.template operator()<avx512>();
    once.template operator()<neon64>();
}

}  // namespace

TEST_CASE("cpu computes what cpu_simd of its instruction set computes, op by op", "[smallest]") {
    each_set("cpu op by op", []<class Set>(context_options options) {
        for (const idx threads : sizes{1, 2}) {
            context<cpu_simd<Set>> fixed{{.threads = threads}};
            options.threads = threads;
            context<cpu> ctx{options};
            same(every_op(ctx), every_op(fixed));
        }
    });
}

TEST_CASE("cpu computes what cpu_simd of its instruction set computes, model by model") {
    each_set("cpu model by model", []<class Set>(context_options options) {
        context<cpu_simd<Set>> fixed;
        context<cpu> ctx{options};
        same(every_model(ctx), every_model(fixed));
    });
}

TEST_CASE("without a cap cpu takes the best instruction set of the CPU") {
    context<cpu> free;
    results expected;
    each_set("cpu without a cap", [&]<class Set>(context_options options) {
        context<cpu> capped{options};
        expected = every_op(capped);
    });
    same(every_op(free), expected);
}

TEST_CASE("backends above cpu leave to it what they leave to cpu_simd") {
    each_set("backends above cpu", []<class Set>([[maybe_unused]] context_options options) {
#ifdef RECKON_WITH_ONEDNN
        context<cpu_onednn<cpu_simd<Set>>> fixed;
        context<cpu_onednn<cpu>> ctx{options};
        same(every_op(ctx), every_op(fixed));
#endif
#ifdef RECKON_WITH_EIGEN
        const auto encode = [&]<class Tag>(context<Tag>& on) {
            const auto scope = on.scope();
            return values_of(quantise(bert_model)(on, small::batch()));
        };
        context<cpu_eigen<cpu_simd<Set>>> fixed_below;
        context<cpu_eigen<cpu>> below{options};
        CHECK(encode(below) == encode(fixed_below));
#endif
    });
}

TEST_CASE("a dry run of cpu counts what it takes under every cap, with any threads") {
    each_set("a dry run of cpu", []<class Set>(context_options options) {
        for (const idx threads : sizes{1, 3}) {
            options.threads = threads;
            const auto counts = [&](const auto& make) {
                context<cpu> ctx{options};
                const auto weights = make(ctx);
                const auto run = [&](auto& on) { weights(on, small::batch()); };
                run(ctx);
                CHECK(ctx.workspace().high_water() ==
                      workspace_bytes<context<dry_run<cpu>>>(run, threads));
            };
            counts([](auto& ctx) { return prepare(ctx, bert_model); });
            counts([](auto& ctx) { return prepare(ctx, quantise(bert_model)); });
            counts([](auto& ctx) { return prepare(ctx, cast<bf16>(bert_model)); });
            // A wide product alone: what it takes stands beside no attention's scratch.
            const auto product = [&]<class Packing>(const auto& w) {
                counts([&](auto& ctx) {
                    typename Packing::matrix packed(w.rows(), w.cols());
                    Packing::pack(ctx, w.look(), packed);
                    return [packed](auto& on, const auto&) {
                        const auto x = on.make(50, packed.cols());
                        for (idx i = 0; x.data != nullptr && i < x.size(); ++i) x.data[i] = 1;
                        ops::linear(on, x, packed.look());
                    };
                });
            };
            const int8_matrix<> int8(20, 999);
            const matrix<bf16> half(20, 999);
            product.template operator()<cpu::packing::int8>(int8);
            product.template operator()<cpu::packing::bf16>(half);
        }
    });
}

TEST_CASE("an unknown cap is refused by name") {
    CHECK_THROWS_WITH((context<cpu>{{.max_isa = "avx"}}),
                      "best_isa: cap: expected sse4_2, avx2 or avx512, got avx");
    CHECK_THROWS_WITH((context<cpu>{{.threads = 2, .max_isa = "AVX2"}}), Catch::Contains("AVX2"));
}

#ifdef RECKON_SIMD_COMPILED
TEST_CASE("a context refuses weights that were packed for another instruction set") {
    if (!avx2::here()) return test_support::skip("weights of another set", "this CPU lacks avx2");
    context<cpu> old{{.max_isa = "sse4_2"}}, young{{.max_isa = "avx2"}};
    numbers x(1, 2, 30), w(2, 60, 30);
    matrix<bf16> halves(60, 30);
    int8_matrix<> bytes(60, 30);
    const auto refuses = [&]<class Packing>(auto from) {
        typename Packing::matrix packed(from.rows, from.cols);
        Packing::pack(old, from, packed);
        const char* const sentence =
            "linear: weight: expected packed for avx2, got packed for sse4_2";
        CHECK_THROWS_WITH(ops::linear(young, x.look(), packed.look()), sentence);
        CHECK_THROWS_WITH(ops::linear(young, x.look(), packed.look().slice(48, 12)), sentence);
        CHECK_NOTHROW(ops::linear(old, x.look(), packed.look()));
        Packing::pack(young, from, packed);
        CHECK_NOTHROW(ops::linear(young, x.look(), packed.look()));
    };
    using packing = cpu::packing;
    refuses.template operator()<packing>(view<const float>{w.look()});
    refuses.template operator()<packing::int8>(std::as_const(bytes).look());
    refuses.template operator()<packing::bf16>(std::as_const(halves).look());
}
#else
TEST_CASE("a cap below the flags that a header-only program is compiled for is refused") {
    if (simd::any_arch::set <= isa::sse4_2) return;  // has none below
    CHECK_THROWS_WITH(
        (context<cpu>{{.max_isa = "sse4_2"}}),
        std::string{"context: max_isa: expected "} + simd::any_arch::name + ", got sse4_2");
}
#endif

#endif
