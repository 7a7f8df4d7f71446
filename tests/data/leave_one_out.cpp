#include <reckon/data/leave_one_out.hpp>

#include <reckon/data/movielens.hpp>

#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using events = std::vector<event>;
using items = std::vector<std::int32_t>;

items films_of(std::span<const event> history) {
    items films;
    for (const event& e : history) films.push_back(e.item);
    return films;
}

}  // namespace

TEST_CASE("the target is the last liked event and the history what came before it") {
    const leave_one_out split(events{
        {1, 10, 5, 300}, {1, 11, 3, 400}, {1, 12, 4, 350}, {1, 13, 1, 100}, {1, 14, 5, 200}});
    REQUIRE(split.users().size() == 1);
    const auto& user = split.users()[0];
    CHECK(split.target(user) == event{1, 12, 4, 350});
    CHECK(films_of(split.history(user)) == items{13, 14, 10});  // liked or not; 11 came later
}

TEST_CASE("between events of one time the later in the log is the later") {
    const leave_one_out split(events{{1, 30, 4, 7}, {1, 10, 5, 7}, {1, 20, 4, 7}, {1, 40, 2, 7}});
    const auto& user = split.users()[0];
    CHECK(split.target(user).item == 20);
    CHECK(films_of(split.history(user)) == items{30, 10});
}

TEST_CASE("a long log of one time keeps its order") {
    events log;
    items films;
    for (std::int32_t i = 0; i < 100; ++i) {
        films.push_back(i * 7 % 100);
        log.push_back({1, films.back(), 4, 7});
    }
    const leave_one_out split(log);
    CHECK(films_of(split.events()) == films);
}

TEST_CASE("users who liked nothing have no target, and others may have no history") {
    const leave_one_out split(events{{3, 10, 5, 2}, {2, 10, 3, 1}, {1, 10, 4, 9}, {1, 11, 1, 8}});
    REQUIRE(split.users().size() == 2);
    CHECK(split.target(split.users()[0]).user == 1);
    CHECK(films_of(split.history(split.users()[0])) == items{11});
    CHECK(split.target(split.users()[1]).user == 3);
    CHECK(split.history(split.users()[1]).empty());
    CHECK(split.events().size() == 4);
    CHECK(leave_one_out(events{}).users().empty());
}

TEST_CASE("what is liked is a matter of the rating given") {
    const events log{{1, 10, 3, 1}, {1, 11, 4, 2}, {1, 12, 3, 3}};
    CHECK(leave_one_out(log).users()[0].target == 1);
    CHECK(leave_one_out(log, 3).users()[0].target == 2);
    CHECK(leave_one_out(log, 4.5f).users().empty());
}

TEST_CASE("seen items ascend, each once") {
    const leave_one_out split(events{{1, 9, 1, 1}, {1, 2, 1, 2}, {1, 9, 5, 3}, {1, 5, 5, 4}});
    CHECK(split.seen(split.users()[0]) == items{2, 9});
}

TEST_CASE("times that can't be ordered are refused") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(leave_one_out(events{{1, 1, 4, nan}}), Contains("leave_one_out: events"));
    CHECK_THROWS_AS(leave_one_out(events{{1, 1, float(nan), 1}}), error);
}

TEST_CASE("all but one user of MovieLens-100K have a target") {
    const auto file =
        test_support::fetched("leave one out", "recbole/dataset_example/ml-100k/ml-100k.inter");
    if (!file) return;
    const leave_one_out split(read_movielens(file->parent_path().string()).events);
    CHECK(split.users().size() == 942);
    for (const auto& user : split.users()) {
        const auto seen = split.seen(user);
        CHECK(seen.size() == split.history(user).size());  // no one rates a film twice
        CHECK(split.target(user).rating >= 4);
    }
}
