// Conversions take any type with `visit` that says how it is composed, not only reckon's models.
#include "support/small_models.hpp"

#include <reckon/convert/cast.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/convert/prune.hpp>
#include <reckon/convert/quantise.hpp>

using namespace small;

namespace {

/// A user's model: an encoder of queries and one of items, scored against each other.
template <class Spec = bert::spec> struct two_towers {
    using spec = Spec;
    template <class NewSpec> using with_spec = two_towers<NewSpec>;

    bert::config size;
    bert::model<Spec> query, item;

    explicit two_towers(const bert::config& c) : size(c), query(c), item(c) {}
    static constexpr void visit(auto&& f, auto&... self) {
        f("query", self.query...);
        f("item", self.item...);
    }
    template <any_context C>
    tensor_of<C> operator()(C& ctx, const id_batch<typename C::space>& batch) const {
        return ops::add(ctx, query(ctx, batch), item(ctx, batch));
    }
};

/// One without sizes, whose parameters stand in it.
template <class Spec = bert::spec> struct classifier {
    using spec = Spec;
    template <class NewSpec> using with_spec = classifier<NewSpec>;

    module_of<typename Spec::linear, Spec> out{8, 3};
    static constexpr void visit(auto&& f, auto&... self) { f("out", self.out...); }
};

}  // namespace

TEST_CASE("a user's model of two models is converted as one of reckon's is") {
    const auto model = with_random_weights(two_towers<>{bert_size});
    context<cpu_reference> ctx;
    CHECK(output_of(prepare(ctx, model)) == output_of(model));
    CHECK(output_of(prunable(model)) == output_of(model));

    const auto small_one = quantise(model);
    static_assert(std::same_as<decltype(small_one), const two_towers<quantised<bert::spec>>>);
    CHECK(count(small_one).bytes < count(model).bytes);
    CHECK(cosine(output_of(small_one), output_of(model)) > 0.999);
    CHECK(cosine(output_of(cast<bf16>(model)), output_of(model)) > 0.999);
}

TEST_CASE("a user's model that is given away is emptied") {
    auto model = with_random_weights(two_towers<>{bert_size});
    const auto expected = output_of(quantise(model));
    CHECK(output_of(quantise(std::move(model))) == expected);
    CHECK(count(model).parameters == 0);
}

TEST_CASE("a model without sizes is made by its own default") {
    const auto model = with_random_weights(classifier<>{});
    const auto half = cast<bf16>(model);
    CHECK(count(half).parameters == count(model).parameters);
    CHECK(half.out.weight.look()(2, 7) == bf16(model.out.weight.look()(2, 7)));
}
