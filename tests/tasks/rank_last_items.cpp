#include "models/golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/tasks/rank_last_items.hpp>

using namespace golden;

namespace {

/// Scores item i as i, or as -i after an odd item, and keeps what it was given.
struct counting_model {
    struct {
        idx items = 8, padding = 0, mask = 7, positions = 3;
    } size{};
    mutable std::vector<std::int32_t> seen{};

    view<float> scores(context<cpu_reference>& ctx, const id_batch<>& batch) const {
        seen.assign(batch.ids.data, batch.ids.data + batch.ids.cols);
        const auto y = ctx.make(batch.sequences.count(), size.items);
        for (idx s = 0; s < y.rows; ++s) {
            const bool odd =
                batch.ids(0, batch.sequences.begin(s) + batch.sequences.length(s) - 1) % 2 != 0;
            for (idx i = 0; i < y.cols; ++i) y(s, i) = odd ? -float(i) : float(i);
        }
        return y;
    }
};

std::vector<idx> ranks_of(const std::string& log, const counting_model& model) {
    context<cpu_reference> ctx;
    std::vector<idx> ranks;
    rank_last_items(ctx, model, parse_sequences(log, 6), [&](idx rank) { ranks.push_back(rank); });
    return ranks;
}

}  // namespace

TEST_CASE("the last item is ranked among all that were not there before") {
    const counting_model model;
    // Items 1 to 6: mask 7 and padding 0 would score best, if they were candidates.
    CHECK(ranks_of("1 4 2\n2 3 5\n", model) == std::vector<idx>{4, 4});
    CHECK(ranks_of("1 6 5 4 2\n", model) == std::vector<idx>{2});
}

TEST_CASE("the model reads the newest items, and the others are no candidates all the same") {
    const counting_model model;
    CHECK(ranks_of("1 6 1 3 4 2\n", model) == std::vector<idx>{2});
    CHECK(model.seen == std::vector<std::int32_t>{1, 3, 4});
}

TEST_CASE("users of many batches are ranked in their order") {
    std::string log;
    for (int user = 0; user < 150; ++user)
        log += std::to_string(user) + " 2 " + std::to_string(1 + user % 6) + '\n';
    const auto ranks = ranks_of(log, counting_model{});
    REQUIRE(ranks.size() == 150);
    for (idx user = 0; user < 150; ++user) {
        const idx target = 1 + user % 6;
        CHECK(ranks[user] == 7 - target - (target < 2 ? 1 : 0));
    }
}

TEMPLATE_TEST_CASE("sasrec finds as many of ICLRec-Beauty's last items as were published", "",
                   RECKON_TEST_BACKENDS) {
    const char* test = "sasrec ranks ICLRec-Beauty";
    if (!test_support::runs<TestType>(test)) return;
    const auto weights = test_support::data(test, "iclrec/ICLRec-Beauty-1.safetensors");
    const auto users = test_support::data(test, "iclrec/Beauty.txt");
    if (!weights || !users) return;
    context<typename TestType::tag> ctx;
    const auto model = prepare(ctx, sasrec::load(weights->string(), 2));
    const auto log = read_sequences(users->string(), std::int32_t(model.size.items) - 2);
    REQUIRE(log.users() == 22'363);
    ranking_at at_5{5}, at_10{10}, at_20{20};
    rank_last_items(ctx, model, log, [&](idx rank) {
        at_5.add(rank);
        at_10.add(rank);
        at_20.add(rank);
    });
    CHECK(at_5.hits() == 1118);
    CHECK(at_10.hits() == 1663);
    CHECK(at_20.hits() == 2366);
    const auto is = [](double value) { return Approx(value).margin(5e-5); };  // four decimals
    CHECK(at_5.ndcg() == is(.0326));
    CHECK(at_10.ndcg() == is(.0403));
    CHECK(at_20.ndcg() == is(.0483));
}
