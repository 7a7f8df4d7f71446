// Losses of tasks, and the gradient of every number that they train, beside PyTorch's.
#include "all_of.hpp"
#include "support/backends.hpp"

#include <models/golden.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/tasks/score_texts.hpp>
#include <reckon/train/parameters.hpp>

using namespace golden;

namespace {

const file& goldens() {
    static const file all{"tuning.safetensors"};
    return all;
}

std::vector<labelled_text> texts() {
    const auto ids = goldens().get<std::int32_t>("ids"),
               offsets = goldens().get<std::int32_t>("offsets"),
               types = goldens().get<std::int32_t>("types"),
               labels = goldens().get<std::int32_t>("labels");
    std::vector<labelled_text> all(labels.size());
    for (idx i = 0; i < all.size(); ++i) {
        const auto begin = idx(offsets[i]), count = idx(offsets[i + 1] - offsets[i]);
        const auto own = ids.subspan(begin, count), of = types.subspan(begin, count);
        all[i].text.ids.assign(own.begin(), own.end());
        all[i].text.types.assign(of.begin(), of.end());
        all[i].label = labels[i];
    }
    return all;
}

template <class C, class Model>
void check(C& ctx, const Model& model, const std::string& method, task& t, parameters<>& learned) {
    const auto examples = texts();
    const score_texts objective{model, t, examples};
    const auto batch = tuning::all_of(objective);
    const double loss = objective.loss(ctx, batch, 1 / objective.targets(batch));
    CHECK(loss == Approx(goldens().get<float>(method + "/loss")[0]).epsilon(1e-5));
    ctx.replay();
    for (const auto& p : learned.entries()) {
        CAPTURE(method, p.name);
        const auto expected = goldens().get<float>(method + "/d" + p.name);
        const auto g = learned.gradient(p);
        REQUIRE(expected.size() == g.size());
        double largest = 0, worst = 0;
        for (idx i = 0; i < g.size(); ++i) {
            largest = std::max(largest, std::abs(double(expected[i])));
            worst = std::max(worst, std::abs(double(g.data[i]) - double(expected[i])));
        }
        CHECK(worst <= 2e-5 * largest);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("tasks have PyTorch's losses and gradients", "",
                   RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU) {
    const auto model = bert::load(path_of("bert_tiny"));
    for (const auto how : {tuning_method::prompt, tuning_method::option_adapter,
                           tuning_method::adapter, tuning_method::lora}) {
        const std::string method =
            how == tuning_method::option_adapter ? "option_adapter" : std::string{name_of(how)};
        task t{how, sizes_of_task(model), {.prompts = 4, .rank = 3}, {"a", "b", "c"}, {2, 3}};
        walk_all(
            [&](const path& at, matrix<float>& p) {
                if (p.size() == 0) return;
                const auto name = at.text();
                const auto own = goldens().get<float>(method + '/' + std::string{name.view()});
                REQUIRE(own.size() == p.size());
                std::copy(own.begin(), own.end(), p.data());
            },
            t);
        parameters<> learned{t};
        recording_context<typename TestType::tag> plain{learned.ranges()};
        check(plain, model, method, t, learned);
        learned.clear_gradients();
        recording_context<typename TestType::tag> packing{learned.ranges()};
        check(packing, prepare(packing, model), method, t, learned);
    }
}
