// A model of fixed size in a constant array that the compiler fills, within a fixed workspace that
// the compiler counts, equals the same model on the heap, bit for bit.
#include <reckon/backend/workspace_bytes.hpp>
#include <reckon/convert/place.hpp>
#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/sasrec/model.hpp>

#include <array>
#include <cstdlib>

using namespace reckon;

void reckon::on_error(const reckon::error&) { std::exit(EXIT_FAILURE); }

namespace {

constexpr sasrec::config size{
    .items = 12, .positions = 6, .layers = 2, .heads = 2, .width = 8, .hidden = 16};
using recommender = sasrec::model<placed_in<rom, sasrec::spec>, size>;
using single = context<cpu_reference, float, float>;

constexpr auto weights = [] {
    std::array<float, count(recommender{}).parameters> all{};
    for (idx i = 0; i < all.size(); ++i) all[i] = philox{4}.uniform(i, -0.5f, 0.5f);
    return all;
}();
constexpr recommender in_flash = placed<recommender>({.floats = weights});

constexpr std::int32_t ids[]{3, 9, 1, 1, 10, 7, 2}, offsets[]{0, 1, 7};
constexpr idx needed = workspace_bytes<context<dry_run<cpu_reference>, float, float>>(
    [](auto& ctx) { in_flash.scores(ctx, batch_of(ids, offsets)); });
alignas(64) std::array<std::byte, needed> workspace;

}  // namespace

int main() {
    sasrec::model<> on_heap{size};
    auto next = weights.begin();
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = *next++;
        },
        on_heap);

    single fixed{std::span{workspace}}, growing;
    const auto a = in_flash.scores(fixed, batch_of(ids, offsets));
    const auto b = on_heap.scores(growing, batch_of(ids, offsets));
    for (idx i = 0; i < a.size(); ++i)
        if (a.data[i] != b.data[i]) return EXIT_FAILURE;
    return fixed.workspace().high_water() == needed ? EXIT_SUCCESS : EXIT_FAILURE;
}
