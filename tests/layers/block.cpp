// Blocks and attention are policies: a stack of a user's blocks needs no change to reckon, and a
// module knows where it stands.
#include "support/small_models.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/ops/gated.hpp>

using namespace small;

namespace {

using reference = context<cpu_reference>;
using numbers = std::vector<float>;

/// x + out(silu(gate(x)) * attention(x)): no feed-forward, one norm, sizes of its own.
template <class Spec> struct gated_attention_module {
    struct sizes {
        idx width, heads;
    };
    module_of<typename Spec::attention, Spec> attend;
    module_of<typename Spec::linear, Spec> gate;
    module_of<typename Spec::norm, Spec> norm;

    gated_attention_module() = default;
    explicit gated_attention_module(const sizes& s)
        : attend(s.width, {s.heads, s.heads, s.width / s.heads}),
          gate(s.width, s.width),
          norm(s.width, 1e-6f) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("attention", self.attend...);
        f("gate", self.gate...);
        f("norm", self.norm...);
    }
    template <any_context C> tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto scope = ctx.scope();
        const auto normed = norm(ctx, x, at);
        add_to(ctx, x,
               ops::gated(ctx, gate(ctx, normed, at), attend(ctx, normed, at), activation::silu));
        return x;
    }
};

struct gated_attention {
    static constexpr bool is_block = true;
    template <class Spec> using module = gated_attention_module<Spec>;
    template <class S> struct requirements {
        static constexpr bool met = attention_policy<typename S::attention>;
    };
};

/// States nothing that such a block does not use.
struct own_spec {
    using memory = heap;
    using number = float;
    using linear = dense<float>;
    using bias = with_bias;
    using table = dense<float>;
    using positions = learned_positions<>;
    using block = gated_attention;
    using attention = softmax_attention;
    using norm = rms_normed;
    using sharing = share_none;
};

/// A feed-forward that adds to each row the number of its sequence and layer.
template <class Spec> struct numbering_module {
    numbering_module() = default;
    numbering_module(idx, idx) {}
    static constexpr void visit(auto&&, auto&...) {}

    template <any_context C> tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto y = ctx.make(x.rows, x.cols);
        for (idx r = 0; r < x.rows; ++r) {
            idx s = 0;
            while (at.sequences.begin(s) + at.sequences.length(s) <= at.first_row + r) ++s;
            for (idx c = 0; c < x.cols; ++c) y(r, c) = float(1000 * at.layer + s);
        }
        return y;
    }
};
struct numbering_ffn {
    static constexpr bool is_ffn = true;
    template <class Spec> using module = numbering_module<Spec>;
};
struct numbering_spec : base_spec {
    using norm_order = pre_norm;
    using ffn = numbering_ffn;
};

}  // namespace

TEST_CASE("a stack repeats blocks of any kind, made from sizes of their own") {
    const auto layers =
        with_random_weights(stack_of<checked<own_spec, bert::spec>, run_time{}>{3, {8, 2}});
    CHECK(layers.blocks.size() == 3);
    reference ctx;
    const site at{batch().sequences, causal{}};
    const auto start = [&] {
        const auto x = ctx.make(9, 8);
        for (idx i = 0; i < x.size(); ++i) x.data[i] = philox{4}.uniform(i, -1, 1);
        return x;
    };
    auto expected = start();
    for (idx i = 0; i < 3; ++i) expected = layers.blocks[i](ctx, expected, at.at_layer(i));
    CHECK(copy_of(layers(ctx, start(), at, layers.all())) == copy_of(expected));
    CHECK(copy_of(expected) != copy_of(start()));
}

TEST_CASE("a module knows its layer, and whose rows it reads, in every band") {
    constexpr idx texts = 100, length = 8, width = 4;  // 800 rows: four bands
    static_assert(texts * length > 3 * band_rows);
    std::vector<std::int32_t> offsets(texts + 1);
    for (idx i = 0; i <= texts; ++i) offsets[i] = std::int32_t(i * length);
    // (Attention adds zeros.)
    stack_of<checked<numbering_spec, base_spec>, run_time{}> layers{2, {width, 1, 8, 1e-5f}};
    reference ctx;
    const auto x = ctx.make(texts * length, width);
    for (idx i = 0; i < x.size(); ++i) x.data[i] = 0;
    const auto y = layers(ctx, x, site{ragged{offsets}, causal{}}, layers.all());
    for (idx r = 0; r < y.rows; ++r) REQUIRE(y(r, 0) == float(1000 + 2 * (r / length)));
}

TEST_CASE("before and behind the stack a site stands in no layer") {
    const site at{batch().sequences, causal{}};
    CHECK(at.layer == no_layer);
    CHECK(at.from_row(3).from_row(2).first_row == 5);
    CHECK(at.at_layer(1).from_row(2).layer == 1);
}
