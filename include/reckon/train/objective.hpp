// What is trained for: a list of examples, a batch made of some of them, and the batch's loss. A
// task states it in a dozen lines; trainers know nothing else of a task.
//     struct next_items {
//         using batch = item_batch;                              made once, filled again and again
//         idx size() const;                                      how many examples
//         idx rows(idx example) const;                           how many rows one takes
//         void fill(batch& b, std::span<const std::int64_t> examples, idx epoch) const;
//         double targets(const batch& b) const;                  what the loss is a mean of
//         double loss(auto& ctx, const batch& b, double weight) const;   weight * the sum of losses
//     };
#pragma once

#include <reckon/backend/context.hpp>

#include <concepts>
#include <cstdint>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class O, class C>
concept objective = requires(const O& o, typename O::batch& b, C& ctx,
                             std::span<const std::int64_t> examples, idx i) {
    { o.size() } -> std::convertible_to<idx>;
    { o.rows(i) } -> std::convertible_to<idx>;
    o.fill(b, examples, i);
    { o.targets(b) } -> std::convertible_to<double>;
    { o.loss(ctx, b, 1.0) } -> std::convertible_to<double>;
};

}}}  // namespace reckon::v0::RECKON_ISA
