#include <catch2/catch.hpp>
#include <reckon/backend/tape.hpp>
#include <reckon/kernels/reference.hpp>
#include <vector>

using namespace reckon;

using recorder = recording_context<cpu_reference>;
static_assert(any_context<recorder>);
static_assert(recorder::recording);
static_assert(!context<cpu_reference>::recording);
static_assert(std::is_convertible_v<recorder::tensor, view<const float>>);

namespace {

using range = gradient_range<float>;

/// Two parameters of six and four numbers, of which the test says what is trainable.
struct two_parameters {
    float a[6]{}, b[4]{}, da[6]{}, db[4]{};
    std::vector<range> all() {
        std::vector<range> ranges{{a, a + 6, da}, {b, b + 4, db}};
        if (ranges[1].begin < ranges[0].begin) std::swap(ranges[0], ranges[1]);
        return ranges;
    }
};

}  // namespace

TEST_CASE("a tape runs backwards, once") {
    recorder ctx{{}};
    std::vector<int> order;
    auto* seen = &order;
    for (int i = 0; i < 3; ++i) ctx.record([=](recorder&) { seen->push_back(i); });
    CHECK(ctx.recorded() == 3);
    ctx.replay();
    CHECK(order == std::vector<int>{2, 1, 0});
    CHECK(ctx.recorded() == 0);
    ctx.replay();
    CHECK(order.size() == 3);
}

TEST_CASE("a parameter's gradient is found by its address, from any part of it") {
    two_parameters p;
    const auto ranges = p.all();
    recorder ctx{ranges};
    CHECK(ctx.parameter_place({p.a, 2, 3}).where.data == p.da);
    CHECK(ctx.parameter_place({p.a, 2, 3}).where.rows == 2);
    const auto last_row = ctx.parameter_place(view<const float>{p.a, 2, 3}.slice(1, 1)).where;
    CHECK(last_row.data == p.da + 3);
    CHECK(last_row.stride == 3);
    CHECK(ctx.parameter_place({p.b, 1, 4}).where.data == p.db);
    CHECK(ctx.parameter_place({p.b + 3, 1, 1}).where.data == p.db + 3);
    CHECK(ctx.begin(ctx.parameter_place({p.b, 1, 4})).use == gradient_use::adds);
}

TEST_CASE("how often a parameter was asked for is counted") {
    two_parameters p;
    idx asked = 0;
    const std::vector<range> only_b{{p.b, p.b + 4, p.db, &asked}};
    recorder ctx{only_b};
    ctx.parameter_place({p.a, 2, 3});
    CHECK(asked == 0);
    ctx.parameter_place({p.b, 1, 4});
    ctx.parameter_place({p.b + 1, 1, 2});
    CHECK(asked == 2);
}

TEST_CASE("what is frozen or no parameter has no place for a gradient") {
    two_parameters p;
    const std::vector<range> only_b{{p.b, p.b + 4, p.db}};
    recorder ctx{only_b};
    CHECK(!ctx.parameter_place({p.a, 2, 3}).learns());
    CHECK(ctx.parameter_place({p.b, 1, 4}).learns());
    CHECK(!ctx.parameter_place(view<const float>{}).learns());
    CHECK(!ctx.begin(ctx.parameter_place({p.a, 2, 3})).wanted());
    recorder frozen{{}};
    CHECK(!frozen.parameter_place({p.b, 1, 4}).learns());
}

TEST_CASE("ranges out of order or overlapping are refused") {
    two_parameters p;
    auto ranges = p.all();
    std::swap(ranges[0], ranges[1]);
    CHECK_THROWS_AS(recorder{ranges}, error);
    const std::vector<range> overlapping{{p.a, p.a + 4, p.da}, {p.a + 3, p.a + 6, p.da}};
    CHECK_THROWS_WITH(recorder{overlapping},
                      "recording_context: trainable: expected ranges sorted by address and "
                      "disjoint, got 1");
}

TEST_CASE("a tracked tensor has one gradient, zero at first, which its parts share") {
    recorder ctx{{}};
    auto x = ctx.make(2, 3);
    CHECK(x.grad == nullptr);
    ctx.track(x);
    auto d = ctx.gradient(x);
    for (idx i = 0; i < 6; ++i) CHECK(d.data[i] == 0);
    d(1, 1) = 5;
    ctx.track(x);
    CHECK(ctx.gradient(x).data == d.data);
    CHECK(ctx.gradient(x.slice(1, 1))(0, 1) == 5);
    CHECK(ctx.gradient(x.columns(1, 2))(1, 0) == 5);
    CHECK(ctx.gradient(x.columns(1, 2).slice(1, 1))(0, 0) == 5);
    CHECK(ctx.make(2, 2).slice(1, 1).grad == nullptr);
    CHECK_THROWS_AS(ctx.gradient(ctx.make(1, 1)), error);
}

TEST_CASE("the first to write a gradient is told that nothing stands there") {
    recorder ctx{{}};
    auto x = ctx.make(2, 3);
    ctx.track(x);
    CHECK(ctx.begin(ctx.place_of(x)).use == gradient_use::first);
    CHECK(ctx.begin(ctx.place_of(x)).use == gradient_use::adds);
    auto y = ctx.make(2, 3);
    ctx.track(y);
    const auto column = ctx.begin(ctx.place_of(y.columns(1, 1)));
    CHECK(column.use == gradient_use::adds);  // onto zeros, as the others need them
    CHECK(column(0, 0) == 0);
    CHECK(column.stride == 3);
}

TEST_CASE("a gradient's memory goes to the next that wants some") {
    recorder ctx{{}};
    const auto scope = ctx.scope();
    auto x = ctx.make(8, 8), y = ctx.make(4, 8), z = ctx.make(16, 8);
    for (auto* t : {&x, &y, &z}) ctx.track(*t);
    const float* first = ctx.begin(ctx.place_of(x)).data;
    ctx.release(*x.grad);
    CHECK(ctx.begin(ctx.place_of(y)).data == first);
    CHECK(ctx.begin(ctx.place_of(x)).data != first);
    CHECK(ctx.begin(ctx.place_of(z)).data != first);
}

TEST_CASE("a shared gradient is copied by the first who changes it") {
    recorder ctx{{}};
    auto x = ctx.make(2, 2), y = ctx.make(2, 2);
    ctx.track(x);
    ctx.track(y);
    const auto dy = ctx.gradient(y);
    for (idx i = 0; i < 4; ++i) dy.data[i] = float(i);
    REQUIRE(ctx.share(*y.grad, ctx.place_of(x)));
    CHECK(!ctx.share(*y.grad, ctx.place_of(x)));  // it has one already
    const auto dx = ctx.begin(ctx.place_of(x));
    CHECK(dx.use == gradient_use::adds);
    CHECK(dx.data != dy.data);
    dx(1, 1) += 1;
    CHECK(dx(1, 1) == 4);
    CHECK(dy(1, 1) == 3);
    ctx.release(*y.grad);
    REQUIRE(ctx.share(*x.grad, ctx.place_of(y)));
    ctx.release(*x.grad);
    CHECK(ctx.begin(ctx.place_of(y)).data == dx.data);  // nobody else reads it any more
    CHECK(!ctx.share(*y.grad, ctx.place_of(x.columns(0, 1))));
}

TEST_CASE("a scope keeps its memory while something is on the tape") {
    recorder ctx{{}};
    {
        const auto scope = ctx.scope();
        ctx.make(4, 4);
    }
    CHECK(ctx.workspace().used() == 0);
    {
        const auto outer = ctx.scope();
        {
            const auto scope = ctx.scope();
            ctx.make(4, 4);
            ctx.record([](recorder&) {});
        }
        CHECK(ctx.workspace().used() > 0);
        const idx before = ctx.workspace().used();
        {
            const auto inside = ctx.scratch();
            ctx.make(4, 4);
        }
        CHECK(ctx.workspace().used() == before);
        ctx.replay();
    }
    CHECK(ctx.workspace().used() == 0);
}

TEST_CASE("a forgotten tape runs nothing and gives its memory back") {
    recorder ctx{{}};
    bool ran = false;
    auto* seen = &ran;
    {
        const auto scope = ctx.scope();
        ctx.make(4, 4);
        ctx.record([=](recorder&) { *seen = true; });
        ctx.forget();
        CHECK(ctx.recorded() == 0);
        ctx.replay();
    }
    CHECK(!ran);
    CHECK(ctx.workspace().used() == 0);
}
