#include "support/small_models.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/convert/quantise.hpp>

#include <fstream>
#include <functional>

using namespace small;

TEST_CASE("on the reference a prepared model is a copy of its own") {
    auto model = with_random_weights(bert::model<>{bert_size});
    context<cpu_reference> ctx;
    const auto prepared = prepare(ctx, model);
    static_assert(std::same_as<decltype(prepared.tokens.weight), matrix<float>>);
    CHECK(count(prepared).bytes == count(model).bytes);
    const auto before = output_of(model);
    CHECK(output_of(prepared) == before);

    model.layers.blocks[0].ffn.up.weight.data()[0] += 1;
    CHECK(output_of(model) != before);
    CHECK(output_of(prepared) == before);
}

TEST_CASE("an int8 model is prepared as it is") {
    const auto small = quantise(with_random_weights(sasrec::model<>{
        {.items = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16}}));
    context<cpu_reference> ctx;
    CHECK(output_of(prepare(ctx, small)) == output_of(small));
}

namespace {

/// What pack() saw: the bytes that the source still had, and the pages in memory.
struct seen {
    std::vector<idx> source_bytes, resident;
};

idx resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    idx all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

/// Packs weights as they are, and notes what it sees.
struct noting {
    struct matrix {
        using parameter_tag = void;
        using packing = noting;
        reckon::matrix<float> own;

        matrix() = default;
        matrix(idx rows, idx cols) : own(rows, cols) {}
        idx size() const { return own.size(); }
        idx bytes() const { return own.bytes(); }
        view<const float> look() const { return own.look(); }
    };
    template <class C> static void pack(C& ctx, view<const float> from, matrix& to) {
        std::copy_n(from.data, from.size(), to.own.data());
        seen& notes = ctx.state();
        notes.source_bytes.push_back(source_bytes());
        notes.resident.push_back(resident_bytes());
    }
    static inline std::function<idx()> source_bytes;
};

struct noting_chip : cpu_reference {
    using next = cpu_reference;
    using packing = noting;
    struct state : cpu_reference::state, seen {};
};

}  // namespace

TEST_CASE("a model that is given away is freed weight by weight as it is packed") {
    const auto original = with_random_weights(bert::model<>{bert_size});
    auto model = original;
    const float* const table = model.tokens.weight.data();
    context<noting_chip> ctx;
    noting::source_bytes = [&] { return count(model).bytes; };
    const auto prepared = prepare(ctx, std::move(model));

    const seen& notes = ctx.state();
    REQUIRE(notes.source_bytes.size() == 3 * 6);
    for (idx i = 1; i < notes.source_bytes.size(); ++i)
        CHECK(notes.source_bytes[i] < notes.source_bytes[i - 1]);
    CHECK(count(model).bytes == 0);
    CHECK(count(prepared).bytes == count(original).bytes);
    CHECK(prepared.tokens.weight.data() == table);  // moved, not copied
    CHECK(output_of(prepared) == output_of(original));

    noting::source_bytes = [] { return idx{0}; };
    CHECK(output_of(prepare(ctx, original)) == output_of(original));
    CHECK(count(original).bytes == count(prepared).bytes);
}

#if RECKON_LARGE_PAGES
TEST_CASE("memory peaks at about one model where the source is given away") {
    bert::model<> model{
        {.vocabulary = 4, .positions = 8, .layers = 16, .heads = 8, .width = 512, .hidden = 2048}};
    const idx bytes = count(model).bytes;  // 192 MB
    const idx empty = resident_bytes();
    walk_all([](const path&, matrix<float>& p) { std::fill_n(p.data(), p.size(), 1.0f); }, model);
    const idx before = resident_bytes();
    CHECK(before - empty > bytes - bytes / 8);  // what is written is there, and not before

    context<noting_chip> ctx;
    noting::source_bytes = [] { return idx{0}; };
    const auto prepared = prepare(ctx, std::move(model));
    const seen& notes = ctx.state();
    const idx peak = *std::max_element(notes.resident.begin(), notes.resident.end());
    CHECK(peak < before + bytes / 4);
    CHECK(resident_bytes() < before + bytes / 4);
    CHECK(count(prepared).bytes == bytes);
}
#endif
