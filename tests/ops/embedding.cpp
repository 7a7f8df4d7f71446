#include "golden.hpp"

#include <reckon/ops/embedding.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("embedding gives the goldens", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto table = numbers<E>("embedding/table");
    const auto ids = integers("embedding/ids");
    const auto look = row_view(ids.data(), ids.size());
    CHECK(difference(ops::embedding(ctx, look, table.look()), "embedding/y") == 0);

    const spread_rows<E> apart{table.look()};
    CHECK(difference(ops::embedding(ctx, look, view<const E>{apart.look}), "embedding/y") == 0);

    spread_rows<E> sum{ops::embedding(ctx, look, table.look())};
    ops::embedding_add_to(ctx, sum.look, look, table.look());
    for (idx i = 0; i < sum.look.rows; ++i)
        for (idx c = 0; c < sum.look.cols; ++c)
            CHECK(sum.look(i, c) == 2 * table.look()(idx(ids[i]), c));
}

TEST_CASE("a table of int8 rows or bf16 is widened as it is read") {
    context<cpu_reference> ctx;
    const std::int32_t id = 1;
    int8_matrix<> small(2, 1);
    small.values.data()[1] = 5;
    small.scales.data()[1] = 0.5f;
    CHECK(ops::embedding(ctx, row_view(&id, 1), std::as_const(small).look())(0, 0) == 2.5f);
    matrix<bf16> half(2, 1);
    half.data()[1] = bf16(-3.0f);
    CHECK(ops::embedding(ctx, row_view(&id, 1), std::as_const(half).look())(0, 0) == -3);
}

TEST_CASE("ids outside the table are refused, with their place") {
    context<cpu_reference> ctx;
    const matrix<float> table(7, 2);
    auto x = ctx.make(3, 2);
    const auto look = [](const std::int32_t* ids) { return row_view(ids, 3); };
    const std::int32_t high[]{0, 6, 7}, low[]{0, -1, 2}, lowest[]{INT32_MIN, 0, 0};
    CHECK_THROWS_WITH(ops::embedding(ctx, look(high), table.look()),
                      "embedding: ids: expected ids below 7, got 7 at 2");
    CHECK_THROWS_WITH(ops::embedding(ctx, look(low), table.look()),
                      "embedding: ids: expected ids below 7, got -1 at 1");
    CHECK_THROWS_WITH(ops::embedding_add_to(ctx, x, look(lowest), table.look()),
                      "embedding_add_to: ids: expected ids below 7, got -2147483648 at 0");
}

TEST_CASE("embedding_add_to refuses extents that do not fit") {
    context<cpu_reference> ctx;
    const matrix<float> table(7, 2);
    const std::int32_t ids[]{0, 1, 2};
    auto x = ctx.make(3, 4), y = ctx.make(2, 2);
    CHECK_THROWS_WITH(ops::embedding_add_to(ctx, x, row_view(ids, 3), table.look()),
                      "embedding_add_to: table.cols: expected 4, got 2");
    CHECK_THROWS_WITH(ops::embedding_add_to(ctx, y, row_view(ids, 3), table.look()),
                      "embedding_add_to: ids.cols: expected 2, got 3");
}

TEST_CASE("positions count from the first, or end at the table's last") {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 3, 3, 5};
    const ragged sequences{offsets};
    const auto positions = [&](position_order order, idx first) {
        const auto ids = ops::positions(ctx, sequences, order, first, 8);
        return std::vector<std::int32_t>(ids.data, ids.data + ids.cols);
    };
    using ids = std::vector<std::int32_t>;
    CHECK(positions(position_order::from_first, 0) == ids{0, 1, 2, 0, 1});
    CHECK(positions(position_order::from_first, 4) == ids{4, 5, 6, 4, 5});
    CHECK(positions(position_order::to_last, 0) == ids{5, 6, 7, 6, 7});

    const std::int32_t first[]{2, 0, 6};
    const auto each = ops::positions(ctx, sequences, position_order::from_first, first, 8);
    CHECK(ids(each.data, each.data + each.cols) == ids{2, 3, 4, 6, 7});
}

TEST_CASE("a sequence with more rows than positions is refused") {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 3};
    const ragged sequences{offsets};
    for (const auto order : {position_order::from_first, position_order::to_last})
        CHECK_THROWS_WITH(ops::positions(ctx, sequences, order, 0, 2),
                          "positions: rows of a sequence: expected 2, got 3");
    CHECK_NOTHROW(ops::positions(ctx, sequences, position_order::from_first, 5, 8));
    CHECK_THROWS_WITH(ops::positions(ctx, sequences, position_order::from_first, 6, 8),
                      "positions: first + rows of a sequence: expected 8, got 9");
    CHECK_THROWS_AS(ops::positions(ctx, sequences, position_order::from_first, 9, 8), error);
}
