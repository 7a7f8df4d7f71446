// Every op on the GPU against the CPU reference, over generated numbers of many shapes; and what
// its kernels refuse.
#include "support.cuh"

#include <reckon/ops/kernel_table.hpp>

namespace {

// What the GPU does not serve is a sentence when it is compiled; this list says what that may be.
constexpr bool served_on_the_gpu() {
    for (const auto& [op, backend] : kernel_table<gpu_cuda<>>) {
        const std::string_view name = op;
        const bool missing = name.starts_with("linear, ") ||  // packed, bf16, int8
                             name == "top_k" || name.ends_with(", backward") ||
                             name == "add_layer_norm" ||
                             name == "add_rms_norm" ||                             // by their parts
                             name.ends_with(", recorded") || name == "dropout" ||  // training
                             name.ends_with("cross_entropy") || name == "candidate_scores" ||
                             name.ends_with("_update") || name == "squares" ||
                             name == "attention, merge" || name == "add_scaled";  // tasks
        if ((std::string_view{backend} == "cuda") == missing) return false;
    }
    return true;
}
static_assert(served_on_the_gpu());

constexpr activation activations[] = {activation::none, activation::relu, activation::gelu,
                                      activation::gelu_tanh, activation::silu};

struct extents {
    idx rows, cols;
};
const std::vector<extents> shapes{{0, 5},  {1, 1},   {3, 5},    {7, 31},   {5, 32},
                                  {5, 33}, {17, 64}, {300, 96}, {9, 1000}, {70000, 8}};

const std::vector<numbers> batches{{},        {0},          {0, 0},    {1},
                                   {3, 1, 2}, {0, 5, 0, 0}, {40, 300}, {5, 0, 1, 33, 0, 70, 0}};

std::string text(const char* op, const extents& e) {
    return std::string{op} + " of " + std::to_string(e.rows) + " x " + std::to_string(e.cols);
}
std::string text(const char* op, const numbers& lengths) {
    std::string all = std::string{op} + " of sequences";
    for (std::int32_t n : lengths) all += ' ' + std::to_string(n);
    return all;
}

void elements_and_rows(both& on) {
    for (const extents& e : shapes) {
        const auto x = generated(1, e.rows, e.cols, 4), f = generated(2, e.rows, e.cols, 4),
                   gain = generated(3, 1, e.cols), bias = generated(4, 1, e.cols);
        for (activation a : activations) {
            on.agree(text("activate", e),
                     [&](auto& ctx) { return ops::activate(ctx, fresh(ctx, x), a); });
            on.agree(text("gated", e),
                     [&](auto& ctx) { return ops::gated(ctx, fresh(ctx, x), fresh(ctx, f), a); });
        }
        on.agree(text("add", e),
                 [&](auto& ctx) { return ops::add(ctx, fresh(ctx, x), fresh(ctx, f)); });
        on.agree(text("add_to", e), [&](auto& ctx) {
            auto y = fresh(ctx, x);
            ops::add_to(ctx, y, fresh(ctx, f));
            return y;
        });
        on.agree(text("add_row_to", e), [&](auto& ctx) {
            auto y = fresh(ctx, x);
            ops::add_row_to(ctx, y, copy_to(ctx, gain.look()));
            return y;
        });
        on.agree(text("layer_norm", e), [&](auto& ctx) {
            return ops::layer_norm(ctx, fresh(ctx, x), copy_to(ctx, gain.look()),
                                   copy_to(ctx, bias.look()), 1e-5f);
        });
        on.agree(text("add_layer_norm_in_place", e), [&](auto& ctx) {
            auto y = fresh(ctx, x);
            ops::add_layer_norm_in_place(ctx, y, fresh(ctx, f), copy_to(ctx, gain.look()),
                                         copy_to(ctx, bias.look()), 1e-5f);
            return y;
        });
        on.agree(text("layer_norm_in_place", e), [&](auto& ctx) {
            auto y = fresh(ctx, x);
            ops::layer_norm_in_place(ctx, y, copy_to(ctx, gain.look()), copy_to(ctx, bias.look()),
                                     1e-12f);
            return y;
        });
        on.agree(text("rms_norm", e), [&](auto& ctx) {
            return ops::rms_norm(ctx, fresh(ctx, x), copy_to(ctx, gain.look()), 1e-5f);
        });
        on.agree(text("l2_normalize", e),
                 [&](auto& ctx) { return ops::l2_normalize(ctx, fresh(ctx, x)); });
        on.agree(text("log_softmax", e),
                 [&](auto& ctx) { return ops::log_softmax(ctx, fresh(ctx, x)); });
        on.agree(text("rms_norm of every other column of", e), [&](auto& ctx) {
            const auto wide = fresh(ctx, generated(5, e.rows, 2 * e.cols));
            return ops::rms_norm(ctx, wide.columns(e.cols, e.cols), copy_to(ctx, gain.look()),
                                 1e-5f);
        });
    }
    on.agree("l2_normalize of zeros",
             [&](auto& ctx) { return ops::l2_normalize(ctx, fresh(ctx, matrix<float>(3, 40))); });
}

void products(both& on) {
    struct product {
        idx rows, in, out;
    };
    for (const product& e :
         {product{0, 4, 4}, {1, 1, 1}, {3, 5, 7}, {17, 64, 96}, {1, 33, 512}, {128, 768, 300}}) {
        const auto x = generated(1, e.rows, e.in), w = generated(2, e.out, e.in),
                   bias = generated(3, 1, e.out), back = generated(4, e.rows, e.out);
        for (activation f : activations)
            on.agree(text("linear to", extents{e.rows, e.out}), [&](auto& ctx) {
                return ops::linear(ctx, fresh(ctx, x), copy_to(ctx, w.look()),
                                   {copy_to(ctx, bias.look()), f});
            });
        on.agree(text("linear without bias to", extents{e.rows, e.out}), [&](auto& ctx) {
            return ops::linear(ctx, fresh(ctx, x), copy_to(ctx, w.look()));
        });
        on.agree(text("linear_transposed to", extents{e.rows, e.in}), [&](auto& ctx) {
            return ops::linear_transposed(ctx, fresh(ctx, back), copy_to(ctx, w.look()));
        });
    }
    // rows that begin anywhere: cuBLASLt is told how they are aligned
    const auto x = generated(1, 9, 13), w = generated(2, 11, 13);
    on.agree("linear of rows 1 to 4", [&](auto& ctx) {
        return ops::linear(ctx, fresh(ctx, x).slice(1, 4), copy_to(ctx, w.look()).slice(3, 7));
    });
}

void tables(both& on) {
    const auto table = generated(1, 50, 40), x = generated(2, 300, 40);
    matrix<bf16> halves(50, 40);
    for (idx i = 0; i < halves.size(); ++i) halves.data()[i] = bf16(table.data()[i]);
    const numbers ids = generated_ids(3, 300, 50);
    const auto there = [&](auto& ctx) { return copy_to(ctx, row_view(ids.data(), ids.size())); };
    on.agree("embedding", [&](auto& ctx) {
        return ops::embedding(ctx, there(ctx), copy_to(ctx, table.look()));
    });
    on.agree("embedding of bf16", [&](auto& ctx) {
        return ops::embedding(ctx, there(ctx), copy_to(ctx, std::as_const(halves).look()));
    });
    on.agree("embedding_add_to", [&](auto& ctx) {
        auto y = fresh(ctx, x);
        ops::embedding_add_to(ctx, y, there(ctx), copy_to(ctx, table.look()));
        return y;
    });
}

/// Ops that ask which sequence a row belongs to.
void sequences(both& on) {
    for (const numbers& lengths : batches) {
        const numbers offsets = offsets_of(lengths);
        const ragged sequences{offsets};
        const idx count = lengths.size();
        numbers first, front;
        for (idx s = 0; s < count; ++s) {
            first.push_back(std::int32_t(s * 7 % 11));
            front.push_back(std::int32_t(s * 5 % 4));
        }
        const auto x = generated(1, sequences.rows(), 48), table = generated(2, 400, 48),
                   prompts = generated(3, 14, 48);

        for (const per_sequence& from :
             {per_sequence{idx{0}}, per_sequence{idx{9}}, per_sequence{first.data()}}) {
            on.agree(text("positions", lengths), [&](auto& ctx) {
                const auto ids =
                    ops::positions(ctx, copy_to(ctx, sequences), position_order::from_first,
                                   copy_to(ctx, from, count), 400);
                return ops::embedding(ctx, ids, copy_to(ctx, table.look()));
            });
            for (rope_layout layout : {rope_layout::half_split, rope_layout::interleaved})
                for (float factor : {1.0f, 8.0f})
                    on.agree(text("rope", lengths), [&](auto& ctx) {
                        auto y = fresh(ctx, x);
                        const auto angles = ops::rope_angles(
                            ctx, copy_to(ctx, sequences), copy_to(ctx, from, count), 16,
                            {.base = 500000, .scaling = {.factor = factor, .context = 64}});
                        ops::rope(ctx, y, angles, layout);
                        return y;
                    });
        }
        on.agree(text("positions to the last", lengths), [&](auto& ctx) {
            const auto ids =
                ops::positions(ctx, copy_to(ctx, sequences), position_order::to_last, {}, 310);
            return ops::embedding(ctx, ids, copy_to(ctx, table.look()));
        });

        numbers all_lengths = lengths;
        for (idx s = 0; s < count; ++s) all_lengths[s] += front[s];
        const numbers all_offsets = offsets_of(all_lengths);
        const ragged all{all_offsets};
        on.agree(text("concat", lengths), [&](auto& ctx) {
            return ops::concat(ctx, copy_to(ctx, prompts.look()),
                               copy_to(ctx, per_sequence{first.data()}, count), fresh(ctx, x),
                               copy_to(ctx, sequences), copy_to(ctx, all));
        });

        numbers at;
        for (idx s = 0; s < count; ++s) at.push_back(offsets[s] + std::int32_t(3 * s));
        on.agree(text("store_rows", lengths), [&](auto& ctx) {
            const auto cache = fresh(ctx, generated(5, sequences.rows() + 30, 48));
            ops::store_rows(ctx, fresh(ctx, x), copy_to(ctx, sequences),
                            copy_to(ctx, per_sequence{at.data()}, count), cache);
            return cache;
        });

        if (std::find(lengths.begin(), lengths.end(), 0) != lengths.end()) continue;
        for (pooling how : {pooling::mean, pooling::first, pooling::last})
            on.agree(text("pool", lengths), [&](auto& ctx) {
                return ops::pool(ctx, fresh(ctx, x), copy_to(ctx, sequences), how);
            });
    }
}

struct heads {
    idx query = 2, key = 2, key_width = 8, value_width = 8;
    float spread = 1;  // of the queries: large ones make one key win
};

/// Queries, keys and values stand beside one another in rows of one tensor.
template <class M> void attention(both& on, const numbers& lengths, const heads& h, const M& mask) {
    const numbers offsets = offsets_of(lengths);
    const ragged sequences{offsets};
    const idx query_cols = h.query * h.key_width, key_cols = h.key * h.key_width,
              value_cols = h.key * h.value_width;
    const auto q = generated(1, sequences.rows(), query_cols, h.spread),
               kv = generated(2, sequences.rows(), key_cols + value_cols);
    on.agree(text("attention", lengths), [&](auto& ctx) {
        const auto there = fresh(ctx, kv);
        using space = typename std::remove_reference_t<decltype(ctx)>::space;
        const key_values<float, space> source{there.columns(0, key_cols),
                                              there.columns(key_cols, value_cols)};
        return ops::attention(ctx, fresh(ctx, q), copy_to(ctx, sequences), source,
                              copy_to(ctx, mask, lengths.size()),
                              {.heads = h.query, .key_heads = h.key, .scale = 0.7f});
    });
}

void attention_shapes(both& on) {
    for (const numbers& lengths : batches) attention(on, lengths, {}, causal{});
    for (std::int32_t n : {1, 2, 31, 32, 33, 64, 65, 257, 3000}) {
        attention(on, {n}, {1, 1, 4, 4}, bidirectional{});
        attention(on, {n}, {1, 1, 4, 4}, causal{});
    }
    for (idx width : {idx{1}, idx{7}, idx{31}, idx{32}, idx{33}, idx{64}, idx{72}, idx{200}}) {
        attention(on, {9, 0, 40}, {3, 3, width, 8}, causal{});
        attention(on, {9, 0, 40}, {3, 3, 8, width}, causal{});
    }
    attention(on, {9, 20, 300}, {6, 2, 8, 12}, causal{});
    attention(on, {9, 20, 300}, {8, 1, 16, 16}, causal{});
    attention(on, {9, 20, 300}, {4, 4, 32, 32, 10}, bidirectional{});
}

void attention_masks(both& on) {
    const numbers lengths{5, 0, 1, 33, 70, 0, 300}, sources{2, 0, 1, 20, 70, 0, 270},
        ends{2, 5, 1, 10, 11, 33, 70, 100, 290, 300}, first_end{0, 2, 2, 3, 6, 7, 7, 10},
        widths{1, 1, 1, 4, 100, 1, 7}, prompts{5, 0, 0, 2, 3, 0, 9}, groups{1, 1, 1, 4, 3, 1, 5},
        few{2, 0, 0, 1, 60, 0, 100};
    const auto check = [&](const auto& mask) { attention(on, lengths, {4, 2, 8, 13}, mask); };
    check(bidirectional{});
    check(causal{});
    check(prefix_lm{sources.data()});
    check(sliding_window{widths.data()});
    check(segment_local{ends.data(), first_end.data(), sources.data()});
    check(history_and_group{sources.data(), groups.data()});
    check(windowed<causal>{widths.data(), {}});
    check(windowed<prefix_lm>{idx{9}, {sources.data()}});
    check(prompted<causal>{prompts.data(), {}});
    check(prompted<prefix_lm>{prompts.data(), {per_sequence{idx{0}}}});
    check(prompted<windowed<causal>>{prompts.data(), {widths.data(), {}}});
    check(prompted<history_and_group>{prompts.data(), {few.data(), groups.data()}});
    check(sliding_window{idx{0}});  // rows that see no key
    const numbers some{0, 3};
    attention(on, {6, 20}, {}, sliding_window{some.data()});
    attention(on, {900}, {}, history_and_group{10, 5});
}

/// Keys that lie anywhere in a cache with spare room, of either element type.
template <class K> void attention_in_a_cache(both& on) {
    const numbers offsets{0, 3, 3, 43}, first{500, 0, 100}, count{7, 0, 300}, position{4, 0, 260};
    const ragged sequences{offsets};
    const auto q = generated(1, 43, 16), k = generated(2, 600, 16), v = generated(3, 600, 24);
    matrix<K> keys(600, 16), values(600, 24);
    for (idx i = 0; i < k.size(); ++i) keys.data()[i] = K(k.data()[i]);
    for (idx i = 0; i < v.size(); ++i) values.data()[i] = K(v.data()[i]);
    on.agree("attention in a cache", [&](auto& ctx) {
        const auto number = [&](const numbers& n) {
            return copy_to(ctx, row_view(n.data(), n.size())).data;
        };
        using space = typename std::remove_reference_t<decltype(ctx)>::space;
        const key_values<K, space> source{copy_to(ctx, std::as_const(keys).look()),
                                          copy_to(ctx, std::as_const(values).look()), number(first),
                                          number(count)};
        return ops::attention(ctx, fresh(ctx, q), copy_to(ctx, sequences), source, causal{},
                              {.heads = 2, .scale = 0.5f, .first_position = number(position)});
    });
}

/// Numbers that only the device can read: used as indices they are refused there.
void refusals(both& on) {
    const auto table = generated(1, 10, 40), x = generated(2, 3, 40);
    const numbers offsets{0, 3}, negative{-1}, large{8};
    const ragged sequences{offsets};
    const auto embed = [&](const numbers& ids) {
        return [&](auto& gpu) {
            ops::embedding(gpu, copy_to(gpu, row_view(ids.data(), ids.size())),
                           copy_to(gpu, table.look()));
        };
    };
    on.refuse("embedding: ids: expected ids below 10, got 10 at 2", embed({0, 9, 10}));
    on.refuse("embedding: ids: expected ids below 10, got -1 at 1", embed({0, -1, 9}));
    on.refuse("embedding_add_to: ids: expected ids below 10, got 10 at 2", [&](auto& gpu) {
        auto y = fresh(gpu, x);
        const auto ids = ops::positions(gpu, copy_to(gpu, sequences), position_order::from_first,
                                        copy_to(gpu, per_sequence{large.data()}, 1), 10);
        ops::embedding_add_to(gpu, y, ids, copy_to(gpu, table.look()));
    });
    for (const numbers& at : {negative, large})
        on.refuse("store_rows: at + rows of a sequence: expected 10, got " +
                      std::to_string(at[0] + 3) + " at 0",
                  [&](auto& gpu) {
                      ops::store_rows(gpu, fresh(gpu, x), copy_to(gpu, sequences),
                                      copy_to(gpu, per_sequence{at.data()}, 1), fresh(gpu, table));
                  });
    const numbers five{0, 5};
    for (const numbers& first : {negative, numbers{9}})
        on.refuse("concat: first + rows in front: expected 10, got " +
                      std::to_string(first[0] + 2) + " at 0",
                  [&](auto& gpu) {
                      ops::concat(gpu, copy_to(gpu, table.look()),
                                  copy_to(gpu, per_sequence{first.data()}, 1), fresh(gpu, x),
                                  copy_to(gpu, sequences), copy_to(gpu, ragged{five}));
                  });

    const auto attend = [&](const numbers& first, const numbers& count, const numbers& position) {
        return [&](auto& gpu) {
            const auto number = [&](const numbers& n) {
                return copy_to(gpu, row_view(n.data(), 1)).data;
            };
            const auto there = copy_to(gpu, table.look());
            const key_values<float, device> source{there, there, number(first), number(count)};
            ops::attention(gpu, fresh(gpu, x), copy_to(gpu, sequences), source, causal{},
                           {.first_position = number(position)});
        };
    };
    const numbers zero{0}, eleven{11}, ten{10};
    on.refuse("attention: source.first: expected at most 10, got 11 at 0",
              attend(eleven, zero, zero));
    on.refuse("attention: source.count: expected at most 2, got 10 at 0", attend(large, ten, zero));
    on.refuse("attention: source.count: expected at most 10, got -1 at 0",
              attend(zero, negative, zero));
    on.refuse("attention: first_position: expected at most 9223372036854775807, got -1 at 0",
              attend(zero, ten, negative));
    on.refuse("attention: mask, keys shown to a row: expected at most 10, got 11 at 2",
              attend(zero, ten, large));
    on.refuse(
        "pool: rows: expected offsets that copy_to(ctx, batch) has copied, got offsets on "
        "the host only",
        [&](auto& gpu) { ops::pool(gpu, fresh(gpu, x), sequences, pooling::mean); });
}

}  // namespace

int main() {
    if (!gpu_here("ops")) return 0;
    both on;
    elements_and_rows(on);
    products(on);
    tables(on);
    sequences(on);
    attention_shapes(on);
    attention_masks(on);
    attention_in_a_cache<float>(on);
    attention_in_a_cache<bf16>(on);
    refusals(on);
    return on.report("ops");
}
