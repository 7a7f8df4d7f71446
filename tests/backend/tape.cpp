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
    const recorder ctx{ranges};
    CHECK(ctx.gradient_of({p.a, 2, 3}).data == p.da);
    CHECK(ctx.gradient_of({p.a, 2, 3}).rows == 2);
    const auto last_row = ctx.gradient_of(view<const float>{p.a, 2, 3}.slice(1, 1));
    CHECK(last_row.data == p.da + 3);
    CHECK(last_row.stride == 3);
    CHECK(ctx.gradient_of({p.b, 1, 4}).data == p.db);
    CHECK(ctx.gradient_of({p.b + 3, 1, 1}).data == p.db + 3);
}

TEST_CASE("what is frozen or no parameter has a null gradient") {
    two_parameters p;
    const std::vector<range> only_b{{p.b, p.b + 4, p.db}};
    const recorder ctx{only_b};
    CHECK(ctx.gradient_of({p.a, 2, 3}).data == nullptr);
    CHECK(ctx.gradient_of({p.b, 1, 4}).data == p.db);
    CHECK(ctx.gradient_of({}).data == nullptr);
    const recorder frozen{{}};
    CHECK(frozen.gradient_of({p.b, 1, 4}).data == nullptr);
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

TEST_CASE("a tracked tensor has one gradient, zero at first") {
    recorder ctx{{}};
    auto x = ctx.make(2, 3);
    CHECK(x.grad.data == nullptr);
    ctx.track(x);
    REQUIRE(x.grad.data != nullptr);
    for (idx i = 0; i < 6; ++i) CHECK(x.grad.data[i] == 0);
    const float* where = x.grad.data;
    x.grad.data[4] = 1;
    ctx.track(x);
    CHECK(x.grad.data == where);
    CHECK(x.slice(1, 1).grad(0, 1) == 1);
    CHECK(ctx.make(2, 2).slice(1, 1).grad.data == nullptr);
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
        ctx.replay();
    }
    CHECK(ctx.workspace().used() == 0);
}
