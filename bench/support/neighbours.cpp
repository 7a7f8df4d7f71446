#include "neighbours.hpp"

#include <reckon/core/random.hpp>
#include <reckon/retrieval/exact_index.hpp>
#include <reckon/retrieval/int8_index.hpp>

#include <cmath>
#include <fstream>

using namespace reckon;

namespace bench {

namespace {
constexpr idx width = 128;

/// About normal: the sum of twelve uniform numbers.
float normal(const philox& random, idx number) {
    float sum = -6;
    for (idx i = 0; i < 12; i += 4)
        for (const std::uint32_t word : random(3 * number + i / 4).word)
            sum += float(word) * 0x1p-32f;
    return sum;
}

matrix<float> around_centres(idx count, std::uint64_t seed) {
    constexpr idx centres = 2000;
    constexpr float sigma = 0.35f;
    matrix<float> rows(count, width);
    const philox centre{1}, noise{seed};
    for (idx r = 0; r < count; ++r) {
        float* row = rows.look().row(r);
        const idx chosen = noise.word(r) % centres;
        double squares = 0;
        for (idx i = 0; i < width; ++i) {
            row[i] = normal(centre, chosen * width + i) + sigma * normal(noise, r * width + i);
            squares += double(row[i]) * double(row[i]);
        }
        for (idx i = 0; i < width; ++i) row[i] *= float(1 / std::sqrt(squares));
    }
    return rows;
}

matrix<float> read_rows(const std::string& file) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    const auto bytes = in ? std::size_t(in.tellg()) : 0;
    if (bytes == 0 || bytes % (width * sizeof(float)) != 0)
        throw load_error("bench", file, "rows of 128 floats", std::to_string(bytes) + " bytes");
    matrix<float> rows(bytes / (width * sizeof(float)), width);
    in.seekg(0);
    in.read(reinterpret_cast<char*>(rows.data()), std::streamsize(bytes));
    return rows;
}

/// f(index of the kind that `--weights` names, as the context scans it). A further one is a line.
template <class C, class F>
void with_index(C& ctx, const std::string& kind, matrix<float> items, const F& f) {
    if (kind == "f32") return f(prepare(ctx, exact_index(std::move(items))));
    if (kind == "int8") return f(prepare(ctx, int8_index(std::move(items))));
    throw load_error("bench", "--weights", "f32 or int8 (what there is an index of)", kind);
}
}  // namespace

vectors random_vectors() { return {around_centres(100'000, 2), around_centres(1000, 3)}; }

vectors read_vectors(const std::string& folder) {
    return {read_rows(folder + "/items"), read_rows(folder + "/queries")};
}

std::vector<searcher> searchers(const vectors& data, isa set,
                                const std::vector<std::string>& backends,
                                const std::vector<std::string>& weights, idx threads) {
    const auto queries = std::make_shared<const matrix<float>>(data.queries);
    std::vector<searcher> list;
    for (const std::string& kind : weights)
        for_each_backend(set, [&]<class Tag>(const std::string& name) {
            if (!holds(backends, name)) return;
            const auto ctx = std::make_shared<context<Tag>>(options(threads));
            with_index(*ctx, kind, data.items, [&](auto made) {
                const auto index = std::make_shared<const decltype(made)>(std::move(made));
                list.push_back({name, kind, [=](idx count, std::int32_t* items) {
                                    const auto found = index->search(
                                        *ctx, queries->look().slice(0, count), neighbours_wanted);
                                    if (items != nullptr)
                                        std::copy_n(found.items.data(), found.items.size(), items);
                                }});
            });
        });
    return list;
}

double recall(const std::vector<std::int32_t>& found, const std::vector<std::int32_t>& exact) {
    idx both = 0;
    for (idx first = 0; first < exact.size(); first += neighbours_wanted)
        for (idx i = 0; i < neighbours_wanted; ++i)
            both +=
                idx(std::count(&found[first], &found[first] + neighbours_wanted, exact[first + i]));
    return double(both) / double(exact.size());
}

}  // namespace bench
