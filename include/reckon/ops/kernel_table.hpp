// Which backend of a stack serves which op. Each tag is stacked on `nothing` and asked whether it
// owns a kernel of the op's descriptor, so the table comes from the types alone and is the same on
// every machine.
#pragma once

#include <reckon/ops/activate.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/add_row.hpp>
#include <reckon/ops/add_scaled.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/ops/candidate_scores.hpp>
#include <reckon/ops/concat.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/ops/dropout.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear.hpp>
#include <reckon/ops/linear_transposed.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>
#include <reckon/ops/store_rows.hpp>
#include <reckon/ops/top_k.hpp>
#include <reckon/ops/update.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct kernel_row {
    const char* op;
    const char* backend;  // the name of the tag whose kernel runs, or "-"
};

namespace detail {

/// A tag without what lies below it.
template <class Tag> struct alone { using type = Tag; };
template <class Tag>
requires requires { typename Tag::template over<nothing>; }
struct alone<Tag> {
    using type = typename Tag::template over<nothing>;
};

/// `OpOf<Tag>` is the op as a tag meets it; a tag for which there is none doesn't serve it.
template <template <class> class OpOf, class Tag> constexpr bool owns_kernel() {
    if constexpr (requires { typename OpOf<Tag>; })
        return ops::kernel_call<OpOf<Tag>, context<typename alone<Tag>::type>>::is_served;
    else
        return false;
}
template <template <class> class OpOf, class Tag> constexpr const char* served_by() {
    if constexpr (std::same_as<Tag, void> || std::same_as<Tag, nothing>)
        return "-";
    else if constexpr (owns_kernel<OpOf, Tag>())
        return Tag::name;
    else
        return served_by<OpOf, typename Tag::next>();
}

/// An op that is the same for every tag ..
template <class Op> struct fixed { template <class> using op = Op; };
template <class Op, class Tag> constexpr kernel_row row() {
    return {Op::name, served_by<fixed<Op>::template op, Tag>()};
}

/// .. and those over weights in a tag's memory, or in its packed layouts.
template <template <class> class Op> struct over {
    template <class Tag> using f32 = Op<view<const float, typename Tag::space>>;
    template <class Tag> using bf16 = Op<view<const reckon::bf16, typename Tag::space>>;
    template <class Tag> using int8 = Op<int8_view<typename Tag::space>>;
    template <class Tag> using packed = Op<typename Tag::packing::view>;
    template <class Tag> using recorded = Op<typename Tag::packing::recorded::view>;
    template <class Tag> using packed_int8 = Op<typename Tag::packing::int8::view>;
    template <class Tag> using packed_bf16 = Op<typename Tag::packing::bf16::view>;
};
using linear = over<ops::linear_op>;
using embedding = over<ops::embedding_op>;

template <class Tag> using store_floats = ops::store_rows_op<view<float, typename Tag::space>>;

}  // namespace detail

/// One row an op, in the order of the documentation.
template <class Tag>
inline constexpr kernel_row kernel_table[] = {
    {"linear", detail::served_by<detail::linear::f32, Tag>()},
    {"linear, packed", detail::served_by<detail::linear::packed, Tag>()},
    {"linear, int8 rows", detail::served_by<detail::linear::int8, Tag>()},
    {"linear, bf16", detail::served_by<detail::linear::bf16, Tag>()},
    {"linear, packed int8 rows", detail::served_by<detail::linear::packed_int8, Tag>()},
    {"linear, packed bf16", detail::served_by<detail::linear::packed_bf16, Tag>()},
    {"linear_transposed", detail::served_by<detail::over<ops::linear_transposed_op>::f32, Tag>()},
    {"embedding", detail::served_by<detail::embedding::f32, Tag>()},
    {"embedding, int8 rows", detail::served_by<detail::embedding::int8, Tag>()},
    {"embedding_add_to", detail::served_by<detail::over<ops::embedding_add_op>::f32, Tag>()},
    detail::row<ops::positions_op, Tag>(),
    detail::row<ops::layer_norm_op, Tag>(),
    detail::row<ops::rms_norm_op, Tag>(),
    detail::row<ops::add_layer_norm_op, Tag>(),
    detail::row<ops::add_rms_norm_op, Tag>(),
    detail::row<ops::rope_angles_op, Tag>(),
    detail::row<ops::rope_op, Tag>(),
    detail::row<ops::attention_op<float, causal>, Tag>(),
    {"store_rows", detail::served_by<detail::store_floats, Tag>()},
    detail::row<ops::activate_op, Tag>(),
    detail::row<ops::gated_op, Tag>(),
    detail::row<ops::add_op, Tag>(),
    detail::row<ops::add_row_op, Tag>(),
    detail::row<ops::add_scaled_op, Tag>(),
    detail::row<ops::concat_op, Tag>(),
    detail::row<ops::pool_op, Tag>(),
    detail::row<ops::l2_normalize_op, Tag>(),
    detail::row<ops::log_softmax_op, Tag>(),
    detail::row<ops::top_k_op, Tag>(),
    {"linear, backward", detail::served_by<detail::over<ops::linear_backward_op>::f32, Tag>()},
    {"linear, packed, backward",
     detail::served_by<detail::over<ops::linear_backward_op>::recorded, Tag>()},
    detail::row<ops::linear_transposed_backward_op, Tag>(),
    detail::row<ops::embedding_backward_op, Tag>(),
    detail::row<ops::layer_norm_backward_op, Tag>(),
    detail::row<ops::rms_norm_backward_op, Tag>(),
    detail::row<ops::rope_backward_op, Tag>(),
    detail::row<ops::attention_recorded_op<float, causal>, Tag>(),
    detail::row<ops::attention_merge_op, Tag>(),
    detail::row<ops::attention_backward_op<float, causal>, Tag>(),
    detail::row<ops::activate_backward_op, Tag>(),
    detail::row<ops::gated_backward_op, Tag>(),
    detail::row<ops::add_backward_op, Tag>(),
    detail::row<ops::add_row_backward_op, Tag>(),
    detail::row<ops::add_scaled_backward_op, Tag>(),
    detail::row<ops::concat_backward_op, Tag>(),
    detail::row<ops::pool_backward_op, Tag>(),
    detail::row<ops::l2_normalize_backward_op, Tag>(),
    detail::row<ops::log_softmax_backward_op, Tag>(),
    detail::row<ops::dropout_op, Tag>(),
    detail::row<ops::cross_entropy_op, Tag>(),
    detail::row<ops::binary_cross_entropy_op, Tag>(),
    detail::row<ops::candidate_scores_op, Tag>(),
    detail::row<ops::candidate_scores_backward_op, Tag>(),
    detail::row<ops::momentum_update_op, Tag>(),
    detail::row<ops::adam_update_op, Tag>(),
    detail::row<ops::squares_op, Tag>(),
};

}}}  // namespace reckon::v0::RECKON_ISA
