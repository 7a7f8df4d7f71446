// top_k: every backend's list is the reference's, bit for bit.
#include "conformance.hpp"

#include <reckon/ops/top_k.hpp>

#include <cstring>

using namespace conformance;

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

/// At once, and in pieces of `piece` columns.
template <class Backend> void check(view<float> scores, idx k, idx piece) {
    CAPTURE(scores.rows, scores.cols, k, piece);
    context<typename Backend::tag> ctx;
    context<cpu_reference> reference;
    const auto scope = ctx.scope();
    const auto plain = reference.scope();
    const auto expected = ops::top_k(reference, scores, k);
    const auto whole = ops::top_k(ctx, scores, k);
    const ops::best_of<decltype(ctx)> pieces{ctx.make(scores.rows, k),
                                             ctx.template make<std::int32_t>(scores.rows, k)};
    for (idx first = 0; first < scores.cols; first += piece)
        ops::top_k_next(ctx, scores.columns(first, std::min(piece, scores.cols - first)), first,
                        pieces);
    for (const auto& best : {whole, pieces}) {
        const idx bytes = scores.rows * k * 4;
        CHECK(std::memcmp(best.columns.data, expected.columns.data, bytes) == 0);
        CHECK(std::memcmp(best.values.data, expected.values.data, bytes) == 0);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("conformance: top_k of one number", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance top_k of one number")) return;
    check<TestType>(numbers(1, 1, 1).look(), 1, 1);
}

TEMPLATE_TEST_CASE("conformance: top_k of every shape", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance top_k")) return;
    for (idx cols : sizes{1, 5, 16, 63, 64, 65, 130, 257, 1000})
        for (idx k : sizes{1, 2, 10, 100, cols})
            for (idx piece : sizes{3, 64, 70, 400}) {
                if (k > cols) continue;
                numbers x(cols, 3, cols, -1, 1, cols % 3);
                check<TestType>(x.look(), k, piece);
                for (float& v : x.data) v = float(int(4 * v));  // many equal ones
                check<TestType>(x.look(), k, piece);
            }
    check<TestType>(numbers(2, 40, 3000).look(), 10, 3000);  // more than one task
}

TEMPLATE_TEST_CASE("conformance: top_k ranks NaN below everything", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance top_k of NaN")) return;
    for (idx k : sizes{1, 3, 20, 200}) {
        numbers x(4, 203, 200);
        for (idx c = 0; c < 200; ++c) {
            for (idx r = 0; r < 201; ++r)  // one number among nothing but NaN, in every place
                if (r != c) x.look()(r, c) = missing;
            if (c % 2 == 0) x.look()(201, c) = c % 4 == 0 ? missing : -infinite;
            if (c % 50 == 49) x.look()(202, c) = infinite;
        }
        check<TestType>(x.look(), k, 100);
    }
}
