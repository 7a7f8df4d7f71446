#include <reckon/data/movielens.hpp>

#include "support/skip.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

const std::string films =
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "7\tToy Story\t1995\tAnimation Children's Comedy\n"
    "3\tMis\xc3\xa9rables, Les\t\tDrama\n";
const std::string header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";

movielens parse(const std::string& events, const std::string& items = films) {
    return parse_movielens({items, "ml.item"}, {header + events, "ml.inter"});
}

}  // namespace

TEST_CASE("events name films by their row, in the order of the file") {
    const movielens read = parse("1\t3\t4\t881250949\n2\t7\t2.5\t5\n1\t7\t5\t4\n");
    REQUIRE(read.films.size() == 2);
    CHECK(read.films[0].id == 7);
    CHECK(read.films[0].title == "Toy Story");
    CHECK(read.films[0].year == "1995");
    CHECK(read.films[0].genres == "Animation Children's Comedy");
    CHECK(read.films[1].year == "");
    CHECK(read.events == std::vector<event>{{1, 1, 4, 881250949}, {2, 0, 2.5f, 5}, {1, 0, 5, 4}});
}

TEST_CASE("what is wrong with a file is named by its line") {
    CHECK_THROWS_WITH(parse("1\t3\t4\t5\n1\t8\t4\t5\n"),
                      Contains("ml.inter: line 3") && Contains("a film of ml.item, got \"8\""));
    CHECK_THROWS_WITH(parse("1\t3\tnan\t5\n"), Contains("ml.inter: line 2") && Contains("rating"));
    CHECK_THROWS_WITH(parse("1\t3\tinf\t5\n"), Contains("rating"));
    CHECK_THROWS_WITH(parse("1\t3\t4\tNaN\n"), Contains("timestamp"));
    CHECK_THROWS_WITH(parse("x\t3\t4\t5\n"), Contains("user_id"));
    CHECK_THROWS_WITH(parse("1\t3\t4\n"), Contains("line 2: expected 4 fields, got 3"));
    CHECK_THROWS_WITH(parse("", films + "3\tAgain\t1999\tDrama\n"),
                      Contains("ml.item: line 4: expected item_id:token to be new"));
    CHECK_THROWS_WITH(parse("", films + "x\tNo\t1999\tDrama\n"), Contains("ml.item: line 4"));
    CHECK_THROWS_WITH(parse("", "item_id:token\n"), Contains("movie_title"));
    CHECK_THROWS_WITH(parse("", ""), Contains("ml.item: expected a header"));
    CHECK_THROWS_WITH(read_movielens("no such folder"), Contains("ml-100k.item"));
}

TEST_CASE("a file that is cut or damaged anywhere is read or refused") {
    const auto survives = [](const std::string& items) {
        try {
            return parse("", items).films.size() <= 3;
        } catch (const load_error&) {
            return true;
        }
    };
    for (idx length = 0; length <= films.size(); ++length) CHECK(survives(films.substr(0, length)));

    std::mt19937 random(5);
    for (int round = 0; round < 1000; ++round) {
        std::string damaged = films;
        damaged[random() % damaged.size()] = static_cast<char>(random());
        CHECK(survives(damaged));
    }
}

TEST_CASE("MovieLens-100K is read whole") {
    const auto folder =
        test_support::fetched("movielens", "recbole/dataset_example/ml-100k/ml-100k.inter");
    if (!folder) return;
    const movielens read = read_movielens(folder->parent_path().string());
    CHECK(read.films.size() == 1682);
    CHECK(read.events.size() == 100000);
    CHECK(read.films[0].title == "Toy Story");
    CHECK(read.events.front() == event{196, 241, 3, 881250949});
    CHECK(read.films[idx(read.events.front().item)].id == 242);
    CHECK(std::count_if(read.events.begin(), read.events.end(),
                        [](const event& e) { return e.rating >= 4; }) == 55375);
}
