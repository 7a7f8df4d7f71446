// A packed ragged batch against its sequences one by one, and one thread against several: the same
// bits on reference and simd, within the tolerance where a vendor's library decides.
#include "conformance.hpp"

#include <reckon/core/matrix.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear.hpp>
#include <reckon/ops/linear_transposed.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>

#include <cstring>
#include <thread>
#include <utility>

using namespace conformance;

namespace {

constexpr idx width = 42, heads = 3, hidden = 101;  // no multiple of any vector

struct weights {
    numbers query{1, width, width}, up{2, hidden, width}, down{3, width, hidden};
    numbers bias{4, 1, hidden}, gain{5, 1, width, 0.5, 1.5};
};

/// One block with every kernel that sums: its rows, then the pooled vectors, one after another.
template <class C, class Pack>
std::vector<float> encode(C& ctx, weights& w, view<float> x, const ragged& sequences,
                          const Pack& pack) {
    const auto scope = ctx.scope();
    auto query = pack(ctx, w.query.look()), up = pack(ctx, w.up.look());
    auto down = pack(ctx, w.down.look());
    const view<const float> gain = w.gain.look(), zero = w.bias.look().columns(0, width);
    const auto q = ops::linear(ctx, x, query.look(), {});
    auto y = ops::attention(ctx, q, sequences, key_values<float>{x, q}, causal{},
                            {.heads = heads, .scale = 0.3f});
    y = ops::layer_norm(ctx, y, gain, zero, 1e-5f);
    y = ops::linear(ctx, y, up.look(), {w.bias.look(), activation::gelu});
    y = ops::linear(ctx, y, down.look(), {});
    auto all = values_of(y);
    const auto pooled =
        values_of(ops::l2_normalize(ctx, ops::pool(ctx, y, sequences, pooling::mean)));
    all.insert(all.end(), pooled.begin(), pooled.end());
    return all;
}

/// The weight as it stands.
struct dense_weight {
    matrix<float> own;
    auto look() const { return own.look(); }
};
const auto as_dense = [](auto&, view<const float> w) {
    dense_weight d{matrix<float>(w.rows, w.cols)};
    for (idx r = 0; r < w.rows; ++r) std::copy_n(w.row(r), w.cols, d.own.data() + r * w.cols);
    return d;
};
/// The weight in the backend's own layout, if it has one.
const auto as_packed = [](auto& ctx, view<const float> w) {
    using packing = typename std::decay_t<decltype(ctx)>::kernels::packing;
    if constexpr (std::same_as<packing, unpacked>) {
        return as_dense(ctx, w);
    } else {
        typename packing::matrix own(w.rows, w.cols);
        packing::pack(ctx, w, own);
        return own;
    }
};

template <class Backend> void same(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    if (a.empty()) return;
    if (Backend::exact)
        CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
    else
        CHECK(test_support::relative_difference(a, b) <= test_support::tolerance::packed);
}

/// linear over a weight of bf16 or int8 that the backend may pack: some rows of a batch as they are
/// alone, and with any threads.
template <class Backend, linear_policy Linear, class W> void rows_agree(W w) {
    using packing =
        typename reckon::detail::packing_of<typename Backend::tag::packing, Linear>::type;
    numbers x(30, 180, w.cols, -2, 2);
    const auto with = [&](idx first, idx count, idx threads) {
        context<typename Backend::tag> ctx{{threads}};
        const auto rows = x.look().slice(first, count);
        if constexpr (std::same_as<packing, unpacked>) {
            return values_of(ops::linear(ctx, rows, w));
        } else {
            typename packing::matrix own(w.rows, w.cols);
            packing::pack(ctx, w, own);
            return values_of(ops::linear(ctx, rows, own.look()));
        }
    };
    const auto batch = with(0, x.rows, 1);
    for (idx threads : sizes{2, 3}) same<Backend>(with(0, x.rows, threads), batch);
    idx first = 0;
    for (idx count : sizes{1, 3, 5, 16, 33, 122}) {
        const auto at = batch.begin() + std::ptrdiff_t(first * w.rows);
        same<Backend>({at, at + std::ptrdiff_t(count * w.rows)}, with(first, count, 1));
        first += count;
    }
}

template <class Backend> void rows_agree_over_bf16_and_int8(const numbers& w) {
    matrix<bf16> halves(w.rows, w.cols);
    int8_matrix<> bytes(w.rows, w.cols);
    for (idx i = 0; i < halves.size(); ++i) {
        halves.data()[i] = bf16(w.data[i]);
        bytes.values.data()[i] = std::int8_t(w.data[i] * 127);
    }
    for (idx o = 0; o < w.rows; ++o) bytes.scales.data()[o] = 0.01f;
    rows_agree<Backend, dense<bf16>>(std::as_const(halves).look());
    rows_agree<Backend, int8_rows<>>(std::as_const(bytes).look());
}

const std::vector<std::int32_t> lengths{1, 7, 16, 33, 50, 130, 2, 300};

template <class Backend, class Pack> void packed_equals_one_by_one(const Pack& pack) {
    weights w;
    context<typename Backend::tag> ctx;
    const auto offsets = offsets_of(lengths);
    const ragged sequences{offsets};
    numbers x(9, sequences.rows(), width);
    const auto batch = encode(ctx, w, x.look(), sequences, pack);
    for (idx s = 0; s < lengths.size(); ++s) {
        const std::int32_t alone[] = {0, lengths[s]};
        const auto one = encode(ctx, w, x.look().slice(sequences.begin(s), sequences.length(s)),
                                ragged{alone}, pack);
        auto at = batch.begin() + std::ptrdiff_t(sequences.begin(s) * width);
        std::vector<float> mine(at, at + std::ptrdiff_t(sequences.length(s) * width));
        at = batch.begin() + std::ptrdiff_t((sequences.rows() + s) * width);
        mine.insert(mine.end(), at, at + std::ptrdiff_t(width));
        same<Backend>(mine, one);
    }
}

template <class Backend, class Pack> void threads_agree(const Pack& pack) {
    weights w;
    const auto offsets = offsets_of(lengths);
    const ragged sequences{offsets};
    numbers x(9, sequences.rows(), width);
    const auto with = [&](idx threads) {
        context<typename Backend::tag> ctx{{threads}};
        return encode(ctx, w, x.look(), sequences, pack);
    };
    const auto one = with(1);
    same<Backend>(with(2), one);
    same<Backend>(with(3), one);
}

/// A step of texts that grow: a few rows each, or one, or many, over a cache of keys and values.
template <class K> class growing {
  public:
    growing() {
        for (const auto* all : {&keys_, &values_})
            for (float number : *all) kept_.push_back(K(number * step));
    }

    /// Sequences [first, first + count) of the batch: logarithms of shares, [rows, width].
    template <class Backend> std::vector<float> run(idx first, idx count, idx threads = 1) {
        context<typename Backend::tag> ctx{{threads}};
        const auto scope = ctx.scope();
        const auto offsets = offsets_of({lengths.data() + first, lengths.data() + first + count});
        const ragged sequences{offsets};
        const auto all = offsets_of(lengths);
        const auto x = x_.look().slice(idx(all[first]), sequences.rows());

        auto q = ops::rms_norm(ctx, x, gain_.look(), 1e-5f);
        const auto angles = ops::rope_angles(ctx, sequences, before.data() + first, head, {});
        ops::rope(ctx, q, angles, rope_layout::half_split);
        ops::rope(ctx, q, angles, rope_layout::interleaved);
        const key_values<K> source{kept_from(0), kept_from(1), begins.data() + first,
                                   counts.data() + first};
        auto y = ops::attention(ctx, q, sequences, source, causal{},
                                {.heads = width / head,
                                 .key_heads = key_width / head,
                                 .scale = 0.4f,
                                 .first_position = before.data() + first});
        y = ops::gated(ctx, y, copy(ctx, x), activation::silu);
        y = ops::linear_transposed(ctx, y, view<const float>{w_.look()});
        return values_of(ops::log_softmax(ctx, y));
    }

    static inline const std::vector<std::int32_t> lengths{1, 3, 1, 40, 0, 2, 1, 130};
    static constexpr idx width = 60, head = 10, key_width = 20, cells = 1200;

  private:
    static constexpr float step = std::same_as<K, std::int8_t> ? 127 : 1;

    /// Keys, or values behind them.
    cache_view<const K> kept_from(idx part) const {
        const view<const K> numbers{kept_.data() + part * keys_.size(), cells, key_width};
        if constexpr (std::same_as<K, std::int8_t>)
            return {numbers, {scales_.data(), cells, key_width / head}};
        else
            return numbers;
    }

    static inline const std::vector<std::int32_t> before{0, 300, 511, 3, 0, 255, 90, 20};
    static inline const std::vector<std::int32_t> counts{1, 303, 512, 43, 0, 257, 91, 150};
    static inline const std::vector<std::int32_t> begins{700, 0, 650, 303, 5, 390, 3, 1000};
    numbers x_{20, 178, width, -2, 2}, gain_{21, 1, width, 0.5, 1.5}, w_{22, width, width};
    std::vector<float> keys_ = numbers{23, cells, key_width}.data;
    std::vector<float> values_ = numbers{24, cells, key_width}.data;
    std::vector<float> scales_ = numbers{25, cells, key_width / head, 0.001f, 0.02f}.data;
    std::vector<K> kept_;
};

template <class Backend, class K> void growing_texts_agree() {
    growing<K> texts;
    const idx count = texts.lengths.size();
    const auto batch = texts.template run<Backend>(0, count);
    auto at = batch.begin();
    for (idx s = 0; s < count; ++s) {
        const auto end = at + texts.lengths[s] * std::ptrdiff_t(texts.width);
        same<Backend>({at, end}, texts.template run<Backend>(s, 1));
        at = end;
    }
    for (idx threads : sizes{2, 3})
        same<Backend>(texts.template run<Backend>(0, count, threads), batch);
}

}  // namespace

TEMPLATE_TEST_CASE("a packed batch equals its sequences one by one", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("a packed batch equals one by one")) return;
    packed_equals_one_by_one<TestType>(as_dense);
    packed_equals_one_by_one<TestType>(as_packed);
}

TEMPLATE_TEST_CASE("a packed batch over bf16 or int8 equals its sequences one by one", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("a packed batch over bf16 or int8")) return;
    for (idx in : sizes{42, 101, 800}) rows_agree_over_bf16_and_int8<TestType>({31, 101, in});
}

TEMPLATE_TEST_CASE("rows so long that they are taken in bands equal themselves alone", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("rows in bands")) return;
    numbers w(31, 20, 30'000);  // 144 rows of bytes are more than 4 MB
    rows_agree<TestType, dense<float>>(view<const float>{w.look()});
    rows_agree_over_bf16_and_int8<TestType>(w);
}

TEMPLATE_TEST_CASE("any number of threads gives the same", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("any number of threads gives the same")) return;
    threads_agree<TestType>(as_dense);
    threads_agree<TestType>(as_packed);
}

TEMPLATE_TEST_CASE("texts that grow together give what each gives alone, with any threads", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("texts that grow together give what each gives alone"))
        return;
    growing_texts_agree<TestType, float>();
    growing_texts_agree<TestType, bf16>();
    growing_texts_agree<TestType, std::int8_t>();
}

TEMPLATE_TEST_CASE("contexts that work at the same time give what each gives alone", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("contexts at the same time give what each gives alone"))
        return;
    weights w;
    const auto offsets = offsets_of(lengths);
    const ragged sequences{offsets};
    const auto run = [&](std::uint64_t seed) {
        weights own = w;
        numbers x(seed, sequences.rows(), width);
        context<typename TestType::tag> ctx{{.threads = 2}};
        return encode(ctx, own, x.look(), sequences, as_packed);
    };
    const auto first = run(9), second = run(10);
    std::vector<float> beside;
    std::thread other([&] {
        for (int i = 0; i < 3; ++i) beside = run(10);
    });
    for (int i = 0; i < 3; ++i) same<TestType>(run(9), first);
    other.join();
    same<TestType>(beside, second);
}
