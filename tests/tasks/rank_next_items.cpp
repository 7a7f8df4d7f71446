// The two splits of leave-one-out by a model whose scores are known.
#include <catch2/catch.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/tasks/rank_next_items.hpp>

using namespace reckon;

namespace {

/// Scores an item by its number, or all alike; remembers what it was shown.
struct by_number {
    struct sizes {
        idx items = 8, padding = 0, mask = 7, positions = 3;
    };
    sizes size{};
    float step = 1;
    mutable std::vector<std::vector<std::int32_t>> shown{};

    template <any_context C> tensor_of<C> scores(C& ctx, const id_batch<>& batch) const {
        auto y = ctx.make(batch.sequences.count(), size.items);
        for (idx s = 0; s < y.rows; ++s) {
            const std::int32_t* const first = batch.ids.data + batch.sequences.begin(s);
            shown.emplace_back(first, first + batch.sequences.length(s));
            for (idx i = 0; i < size.items; ++i) y(s, i) = step * float(i);
        }
        return y;
    }
};

struct seen {
    idx user;
    std::int32_t target;
    standing at;
    bool operator==(const seen&) const = default;
};

std::vector<seen> ranked(const by_number& model, const item_log& log, held_out split) {
    context<cpu_reference> ctx;
    std::vector<seen> all;
    rank_next_items(ctx, model, log, split, [&](idx user, std::int32_t target, const standing& s) {
        all.push_back({user, target, s});
    });
    return all;
}

item_log log_of(std::string_view text) { return parse_item_log("lines", text, "log"); }

}  // namespace

TEST_CASE("the test's target is the last item, validation's the one before") {
    const auto log = log_of("1 5 4 6 2\n2 3\n3 2 3\n");
    const by_number test, valid;
    // Of 1 .. 6 user 0 has had 4, 5, 6: 3 is better than the target 2. User 1 has no history.
    CHECK(ranked(test, log, held_out::test) == std::vector<seen>{{0, 2, {1, 0}}, {2, 3, {3, 0}}});
    CHECK(test.shown == std::vector<std::vector<std::int32_t>>{{5, 4, 6}, {2}});
    CHECK(ranked(valid, log, held_out::valid) == std::vector<seen>{{0, 6, {0, 0}}});
    CHECK(valid.shown == std::vector<std::vector<std::int32_t>>{{5, 4}});
}

TEST_CASE("a model reads the newest items, and what is beyond them is no candidate either") {
    const auto log = log_of("1 6 5 4 2 1\n");
    const by_number model;
    CHECK(ranked(model, log, held_out::test) == std::vector<seen>{{0, 1, {1, 0}}});
    CHECK(model.shown == std::vector<std::vector<std::int32_t>>{{5, 4, 2}});
}

TEST_CASE("a target that was met before competes all the same") {
    CHECK(ranked({}, log_of("1 3 5 3\n"), held_out::test) == std::vector<seen>{{0, 3, {2, 0}}});
}

TEST_CASE("scoring all items alike is worth less than knowing") {
    const auto log = log_of("1 2 3 6\n2 1 2 6\n");
    context<cpu_reference> ctx;
    CHECK(ranked({.step = 0}, log, held_out::test) ==
          std::vector<seen>{{0, 6, {0, 3}}, {1, 6, {0, 3}}});
    CHECK(fair_ndcg(ctx, by_number{}, log, held_out::test, 10) == 1);
    CHECK(fair_ndcg(ctx, by_number{.step = 0}, log, held_out::test, 10) ==
          Approx(1 / std::log2(3.5)));
    CHECK(fair_ndcg(ctx, by_number{.step = 0}, log, held_out::test, 2) == 0);
}

TEST_CASE("more users than are ranked at once come in their order") {
    std::string text;
    for (int user = 1; user <= 150; ++user)
        text += std::to_string(user) + (user % 7 == 0 ? " 3\n" : " 1 2 4\n");
    const auto all = ranked({}, log_of(text), held_out::test);
    REQUIRE(all.size() == 150 - 21);
    for (idx i = 1; i < all.size(); ++i) CHECK(all[i - 1].user < all[i].user);
}
