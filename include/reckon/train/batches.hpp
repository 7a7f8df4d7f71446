// Which examples make a step. The order of an epoch is a permutation by (seed, epoch). Steps of a
// number of examples take them in that order. Steps of a number of rows are packed: examples of
// like length stand together, so that a step's sequences are alike and no step exceeds its rows.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/core/random.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// One of them says how large a step is.
struct batch_size {
    idx examples = 0;  // of a step
    idx rows = 0;      // of a step at most
    bool operator==(const batch_size&) const = default;
};

/// The examples of an epoch, and where its steps end.
struct epoch_plan {
    std::vector<std::int64_t> order;
    std::vector<idx> ends;

    idx steps() const { return ends.size(); }
    std::span<const std::int64_t> step(idx i) const {
        const idx begin = i == 0 ? 0 : ends[i - 1];
        return std::span{order}.subspan(begin, ends[i] - begin);
    }
};

namespace detail {

template <class T> void shuffle(std::span<T> items, const philox& random) {
    for (idx i = items.size(); i > 1; --i)
        std::swap(items[i - 1], items[random.below(i, std::uint32_t(i))]);
}

}  // namespace detail

/// `rows(example)`: how long each of the `examples` is.
template <class Rows>
epoch_plan plan_epoch(idx examples, const Rows& rows, batch_size size, std::uint64_t seed,
                      idx epoch) {
    expect_that((size.examples == 0) != (size.rows == 0), "plan_epoch", "size",
                "a number of examples, or of rows", "both or none");
    constexpr std::uint64_t order_stream = 0x6f72646572;  // "order"
    const philox random{seed, order_stream + (std::uint64_t{epoch} << 40)};
    epoch_plan plan;
    plan.order.resize(examples);
    std::iota(plan.order.begin(), plan.order.end(), std::int64_t{0});
    detail::shuffle(std::span{plan.order}, random);
    if (size.examples != 0) {
        for (idx end = size.examples; end < examples; end += size.examples)
            plan.ends.push_back(end);
        if (examples != 0) plan.ends.push_back(examples);
        return plan;
    }
    // Windows of many steps are sorted by length, cut into steps, and the steps shuffled.
    constexpr idx window = 4096;
    std::vector<std::vector<std::int64_t>> steps;
    for (idx begin = 0; begin < examples; begin += window) {
        const auto part = std::span{plan.order}.subspan(begin, std::min(window, examples - begin));
        std::stable_sort(part.begin(), part.end(),
                         [&](auto a, auto b) { return rows(idx(a)) < rows(idx(b)); });
        idx sum = size.rows + 1;  // the first begins a step
        for (const std::int64_t example : part) {
            const idx own = rows(idx(example));
            if (own > size.rows) fail("plan_epoch", "rows of an example", size.rows, own);
            if (sum + own > size.rows) {
                steps.emplace_back();
                sum = 0;
            }
            steps.back().push_back(example);
            sum += own;
        }
    }
    detail::shuffle(std::span{steps}, {seed, random.stream + 1});
    idx end = 0;
    for (const auto& step : steps) {
        std::copy(step.begin(), step.end(), plan.order.begin() + std::ptrdiff_t(end));
        plan.ends.push_back(end += step.size());
    }
    return plan;
}

}}}  // namespace reckon::v0::RECKON_ISA
