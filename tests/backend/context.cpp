#include <array>
#include <catch2/catch.hpp>
#include <reckon/backend/context.hpp>
#include <reckon/kernels/reference.hpp>
#include <vector>

using namespace reckon;

using reference = context<cpu_reference>;
static_assert(any_context<reference>);
static_assert(any_context<context<dry_run<cpu_reference>>>);
static_assert(!any_context<cpu_reference>);
static_assert(std::same_as<context<dry_run<cpu_reference>>::kernels, cpu_reference>);
static_assert(std::same_as<context<cpu_reference, double>::tensor, view<double>>);
static_assert(!std::is_copy_constructible_v<reference>);

namespace {

/// A backend of the user's with a handle of its own in the context.
struct counting_chip : cpu_reference {
    struct state : cpu_reference::state {
        int calls = 0;
    };
};

}  // namespace

TEST_CASE("tensors live until the scope they were made in ends") {
    reference ctx;
    const auto outer = ctx.scope();
    const auto kept = ctx.make(2, 3);
    CHECK(kept.rows == 2);
    CHECK(kept.cols == 3);
    float* first;
    {
        const auto inner = ctx.scope();
        first = ctx.make(10, 10).data;
        CHECK(ctx.workspace().used() == 64 + 448);
    }
    CHECK(ctx.workspace().used() == 64);
    CHECK(ctx.make(1, 1).data == first);
    CHECK(ctx.workspace().high_water() == 64 + 448);
}

TEST_CASE("a tensor is as large as its element type says") {
    context<cpu_reference, double> wide;
    wide.make(4, 4);
    CHECK(wide.workspace().used() == 128);
    wide.make<std::int8_t>(4, 4);
    CHECK(wide.workspace().used() == 192);
}

TEST_CASE("contexts share nothing") {
    reference one, other;
    const auto a = one.make(1, 4), b = other.make(1, 4);
    CHECK(a.data != b.data);
    CHECK(other.workspace().used() == 64);
    one.make(100, 100);
    CHECK(other.workspace().used() == 64);
}

TEST_CASE("a fixed workspace refuses what does not fit") {
    alignas(64) std::array<std::byte, 512> bytes;
    reference ctx{std::span{bytes}};
    CHECK(static_cast<void*>(ctx.make(1, 64).data) == bytes.data());
    CHECK_THROWS_WITH(ctx.make(1, 128), "workspace: bytes: expected 512, got 768");
}

TEST_CASE("a dry context counts in constant expressions and touches no memory") {
    constexpr idx needed = [] {
        context<dry_run<cpu_reference>> ctx;
        ctx.make(3, 5);
        {
            const auto scope = ctx.scope();
            ctx.make(100, 100);
        }
        ctx.make(1, 1);
        return ctx.workspace().high_water();
    }();
    static_assert(needed == 64 + 40000);
    context<dry_run<cpu_reference>> ctx{idx{3}};
    CHECK(ctx.make(2, 2).data == nullptr);
    CHECK(ctx.threads() == 3);
}

TEST_CASE("a context has at least one thread") {
    CHECK(reference{}.threads() == 1);
    CHECK(reference{{.threads = 3}}.threads() == 3);
    CHECK_THROWS_WITH(reference{{.threads = 0}}, "context: threads: expected at least 1, got 0");
}

TEST_CASE("each context keeps its backend's handles") {
    context<counting_chip> one, other;
    ++one.state().calls;
    CHECK(one.state().calls == 1);
    CHECK(other.state().calls == 0);
}
