// Two backends in one program: the same const model runs on the reference and on a backend of the
// user's, which overrides one kernel and edits no file of reckon.
#include "golden.hpp"

#include <cstring>
#include <reckon/core/random.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/ops/kernel_table.hpp>

#include "support/backends.hpp"

namespace mine {

/// Its products are the reference's, negated; it counts them.
template <class Next = reckon::cpu_reference> struct negating_chip : Next {
    using next = Next;
    template <class N> using over = negating_chip<N>;
    static constexpr const char* name = "negating_chip";
    struct state : Next::state {
        int calls = 0;
    };
};

template <class Next, class C>
void linear_kernel(negating_chip<Next>, C& ctx, reckon::view<const float> x,
                   reckon::view<const float> w, reckon::epilogue<float> e, reckon::view<float> y) {
    ++ctx.state().calls;
    linear_kernel(Next{}, ctx, x, w, e, y);
    for (std::size_t i = 0; i < y.rows; ++i)
        for (std::size_t c = 0; c < y.cols; ++c) y(i, c) = -y(i, c);
}

}  // namespace mine

using namespace golden;

namespace {

const std::int32_t ids[]{3, 1, 4, 1, 5}, offsets[]{0, 2, 5};

sasrec::model<> small_model() {
    sasrec::model<> model{
        {.items = 8, .positions = 4, .layers = 1, .heads = 2, .width = 8, .hidden = 16}};
    idx n = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = philox{9}.uniform(n++, -1, 1);
        },
        model);
    return model;
}

template <class Table> std::string server_of(const Table& table, const char* op) {
    for (const auto& row : table)
        if (std::strcmp(row.op, op) == 0) return row.backend;
    return "no such op";
}

}  // namespace

TEST_CASE("one model runs on the reference and on a user's backend side by side") {
    const auto model = small_model();
    context<cpu_reference> plain;
    context<mine::negating_chip<>> chip;
    const auto expected = model(plain, batch_of(ids, offsets));
    const auto y = model(chip, batch_of(ids, offsets));
    CHECK(chip.state().calls == 6);  // q, k, v, out and the two of the feed-forward
    CHECK(y.rows == expected.rows);
    CHECK(test_support::relative_difference({y.data, y.size()}, {expected.data, expected.size()}) >
          0.01);

    // The op alone, where what the overload does is plain to see.
    const auto w = numbers<float>("linear/weight");
    const auto a = ops::linear(plain, given(plain, "linear/x"), w.look());
    const auto b = ops::linear(chip, given(chip, "linear/x"), w.look());
    for (idx i = 0; i < a.size(); ++i) REQUIRE(b.data[i] == -a.data[i]);
}

TEST_CASE("what a user's backend does not state falls back to what it stands on") {
    context<cpu_reference> plain;
    context<mine::negating_chip<>> chip;
    const auto a = ops::gelu(plain, given(plain, "gelu_erf/x"));
    const auto b = ops::gelu(chip, given(chip, "gelu_erf/x"));
    for (idx i = 0; i < a.size(); ++i) REQUIRE(b.data[i] == a.data[i]);
}

TEST_CASE("the kernel table tells which backend serves which op") {
    constexpr auto& reference = kernel_table<cpu_reference>;
    CHECK(server_of(reference, "linear") == "reference");
    CHECK(server_of(reference, "linear, int8 rows") == "reference");
    CHECK(server_of(reference, "linear, packed") == "-");
    CHECK(server_of(reference, "top_k") == "reference");

    constexpr auto& stacked = kernel_table<mine::negating_chip<>>;
    CHECK(server_of(stacked, "linear") == "negating_chip");
    CHECK(server_of(stacked, "linear, int8 rows") == "reference");
    CHECK(server_of(stacked, "attention") == "reference");

    constexpr auto& alone = kernel_table<mine::negating_chip<nothing>>;
    CHECK(server_of(alone, "linear") == "negating_chip");
    CHECK(server_of(alone, "attention") == "-");
}

TEMPLATE_TEST_CASE("every compiled backend runs beside the reference in one program", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("two backends in one program")) return;
    const auto model = small_model();
    context<cpu_reference> plain;
    context<typename TestType::tag> other;
    context<mine::negating_chip<typename TestType::tag>> chip;
    const auto expected = model(plain, batch_of(ids, offsets));
    const auto y = model(other, batch_of(ids, offsets));
    CHECK(test_support::relative_difference({y.data, y.size()}, {expected.data, expected.size()}) <
          tolerance::model);
    model(chip, batch_of(ids, offsets));
    CHECK(chip.state().calls == 6);
}
