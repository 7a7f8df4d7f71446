// A model from memory: the weights are a span of floats, from flash, a message or a resource of the
// program. No file, no JSON, nothing but reckon::reckon.
#include <reckon/convert/place.hpp>
#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/ops/top_k.hpp>

#include <cstdio>
#include <span>
#include <vector>

using namespace reckon;

// The sizes are part of the type, and the model looks at weights that stand elsewhere.
constexpr sasrec::config size{
    .items = 1000, .positions = 20, .layers = 2, .width = 32, .hidden = 64};
using recommender = sasrec::model<placed_in<rom, sasrec::spec>, size>;
constexpr idx parameters = count(recommender{}).parameters;

/// Stands for what training left, in the order of the model's visit. (Random, and so is the
/// advice.)
std::vector<float> weights_from_somewhere() {
    std::vector<float> all(parameters);
    for (idx i = 0; i < all.size(); ++i) all[i] = philox{.seed = 1}.uniform(i, -0.1f, 0.1f);
    return all;
}

int main() {
    const std::vector<float> weights = weights_from_somewhere();
    const auto model = placed<recommender>({.floats = weights});  // copies nothing
    std::printf("%zu parameters in %zu bytes\n", parameters, count(model).bytes);

    // Two users, their items in time order, behind one another.
    const std::int32_t items[]{17, 230, 5, 94, 811, 42}, offsets[]{0, 2, 6};
    context<cpu_reference> ctx;
    const auto best = ops::top_k(ctx, model.scores(ctx, batch_of(items, offsets)), 3);
    for (idx user = 0; user < best.columns.rows; ++user) {
        std::printf("user %zu:", user);
        for (idx i = 0; i < best.columns.cols; ++i)
            std::printf(" item %d (%.3f)", int(best.columns(user, i)),
                        double(best.values(user, i)));
        std::printf("\n");
    }
}
