#include "golden.hpp"

#include <reckon/backend/tape.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/add_row.hpp>

using namespace golden;

namespace {

template <class C> tensor_of<C> counting(C& ctx, idx rows, idx cols, float first) {
    auto x = ctx.make(rows, cols);
    for (idx i = 0; i < x.size(); ++i) x.data[i] = typename C::element(first + float(i));
    return x;
}

}  // namespace

TEMPLATE_TEST_CASE("add makes a fresh tensor of the sums", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto a = counting(ctx, 2, 3, 1), b = counting(ctx, 2, 3, 10);
    const spread_rows<E> apart{view<const E>{b}};
    const auto y = ops::add(ctx, a, apart.look);
    CHECK(y(0, 0) == 11);
    CHECK(y(1, 2) == 21);
    CHECK(a(1, 2) == 6);
}

TEST_CASE("add_to is in place at inference") {
    context<cpu_reference> ctx;
    auto x = counting(ctx, 2, 2, 1);
    const auto f = counting(ctx, 2, 2, 10), other = x;
    const idx before = ctx.workspace().used();
    add_to(ctx, x, f);
    CHECK(x.data == other.data);
    CHECK(x(1, 1) == 17);
    CHECK(ctx.workspace().used() == before);
}

TEST_CASE("add_to is fresh once something is on the tape, or learns") {
    recording_context<cpu_reference> ctx{{}};
    auto x = counting(ctx, 2, 2, 1);
    const auto f = counting(ctx, 2, 2, 10);

    const float* where = x.data;
    add_to(ctx, x, f);  // nothing learns: still in place
    CHECK(x.data == where);

    ctx.record([](auto&) {});
    add_to(ctx, x, f);
    CHECK(x.data != where);
    CHECK(where[3] == 17);  // the old value that a tape entry may need
    CHECK(x(1, 1) == 30);
    ctx.replay();

    auto learning = counting(ctx, 2, 2, 0);
    ctx.track(learning);
    where = x.data;
    add_to(ctx, x, learning);
    CHECK(x.data != where);
    CHECK(x.grad != nullptr);
}

TEST_CASE("the gradient of a sum goes to both sides, twice where they are one") {
    recording_context<cpu_reference> ctx{{}};
    auto a = counting(ctx, 1, 2, 1), b = counting(ctx, 1, 2, 1);
    ctx.track(a);
    auto y = ops::add(ctx, ops::add(ctx, a, b), a);
    ctx.gradient(y)(0, 0) = 3;
    ctx.replay();
    CHECK(ctx.gradient(a)(0, 0) == 6);
    CHECK(ctx.gradient(a)(0, 1) == 0);
    CHECK(b.grad == nullptr);
}

TEST_CASE("add and add_to refuse extents that differ") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    const auto tall = ctx.make(3, 3), wide = ctx.make(2, 4);
    CHECK_THROWS_WITH(ops::add(ctx, x, tall), "add: b.rows: expected 2, got 3");
    CHECK_THROWS_WITH(ops::add(ctx, x, wide), "add: b.cols: expected 3, got 4");
    CHECK_THROWS_WITH(add_to(ctx, x, tall), "add_to: f.rows: expected 2, got 3");
    CHECK_THROWS_WITH(add_to(ctx, x, wide), "add_to: f.cols: expected 3, got 4");
}

TEST_CASE("add_row_to adds one vector to every row") {
    context<cpu_reference> ctx;
    auto x = counting(ctx, 2, 2, 1);
    const auto row = counting(ctx, 1, 2, 10), two = counting(ctx, 2, 2, 0), wide = ctx.make(1, 3);
    ops::add_row_to(ctx, x, row);
    CHECK(x(0, 0) == 11);
    CHECK(x(1, 1) == 15);
    CHECK_THROWS_WITH(ops::add_row_to(ctx, x, two), "add_row_to: row.rows: expected 1, got 2");
    CHECK_THROWS_WITH(ops::add_row_to(ctx, x, wide), "add_row_to: row.cols: expected 2, got 3");
}
