// Small models with random weights, and batches for them.
#pragma once

#include <catch2/catch.hpp>
#include <reckon/backend/context.hpp>
#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/m6/model.hpp>
#include <reckon/models/sasrec/model.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace small {

using namespace reckon;

inline constexpr bert::config bert_size{.vocabulary = 20,
                                        .positions = 8,
                                        .types = 2,
                                        .layers = 3,
                                        .heads = 2,
                                        .width = 8,
                                        .hidden = 16};

inline m6::config m6_of_size(idx layers, idx positions) {
    return {.vocabulary = 20,
            .positions = positions,
            .layers = layers,
            .heads = 2,
            .width = 8,
            .hidden = 16};
}
inline llama::config llama_of_size(idx layers, idx positions) {
    llama::config size{};
    size.vocabulary = 20;
    size.positions = positions;
    size.layers = layers;
    size.heads = 4;
    size.key_heads = 2;
    size.head_width = 2;
    size.width = 8;
    size.hidden = 12;
    return size;
}

/// Every parameter uniform in [-0.5, 0.5).
template <class Model> Model with_random_weights(Model model, std::uint64_t seed = 1) {
    std::uint64_t n = 0;
    walk_all(
        [&]<class T>(const path&, matrix<T>& p) {
            for (idx i = 0; i < p.size(); ++i)
                p.data()[i] = T(philox{seed}.uniform(n++, -0.5f, 0.5f));
        },
        model);
    return model;
}

inline constexpr std::int32_t ids[]{7, 1, 19, 4, 0, 4, 11, 2, 5}, offsets[]{0, 3, 4, 9};
inline id_batch<> batch() { return batch_of(ids, offsets); }

template <class E> std::vector<std::remove_const_t<E>> copy_of(view<E> x) {
    std::vector<std::remove_const_t<E>> all;
    for (idx r = 0; r < x.rows; ++r) all.insert(all.end(), x.row(r), x.row(r) + x.cols);
    return all;
}

/// A model's output under a fresh reference context.
template <class Model> std::vector<float> output_of(const Model& model) {
    context<cpu_reference> ctx;
    return copy_of(model(ctx, batch()));
}

inline double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (idx i = 0; i < a.size(); ++i) {
        ab += double(a[i]) * double(b[i]);
        aa += double(a[i]) * double(a[i]);
        bb += double(b[i]) * double(b[i]);
    }
    return ab / std::sqrt(aa * bb);
}

}  // namespace small
