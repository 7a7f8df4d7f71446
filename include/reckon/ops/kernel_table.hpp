// Which backend of a stack serves which op. Each tag is stacked on `nothing` and asked whether it
// owns a kernel, so the table comes from the types alone and is the same on every machine.
#pragma once

#include <reckon/ops/activate.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/add_row.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/concat.hpp>
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

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {
/// A tag without what lies below it.
template <class Tag> struct alone { using type = Tag; };
template <class Tag>
requires requires { typename Tag::template over<nothing>; }
struct alone<Tag> {
    using type = typename Tag::template over<nothing>;
};
}  // namespace detail

/// The name of the tag whose kernel runs, or "-". Probe::serves<Context> asks one op.
template <class Probe, class Tag> constexpr const char* served_by() {
    if constexpr (std::same_as<Tag, void> || std::same_as<Tag, nothing>)
        return "-";
    else if constexpr (Probe::template serves<context<typename detail::alone<Tag>::type>,
                                              typename Tag::packing>)
        return Tag::name;
    else
        return served_by<Probe, typename Tag::next>();
}

struct kernel_row {
    const char* op;
    const char* backend;
};

namespace detail {
struct linear_probe {
    template <class C, class>
    static constexpr bool serves = ops::serves_linear<C, view<const float, typename C::space>>;
};
struct packed_linear_probe {
    template <class C, class Packing>
    static constexpr bool serves = [] {
        if constexpr (std::same_as<Packing, unpacked>)
            return false;
        else
            return ops::serves_linear<C, typename Packing::view>;
    }();
};
struct packed_int8_linear_probe {
    template <class C, class Packing>
    static constexpr bool serves = [] {
        if constexpr (requires { typename Packing::int8::view; })
            return ops::serves_linear<C, typename Packing::int8::view>;
        else
            return false;
    }();
};
struct packed_bf16_linear_probe {
    template <class C, class Packing>
    static constexpr bool serves = [] {
        if constexpr (requires { typename Packing::bf16::view; })
            return ops::serves_linear<C, typename Packing::bf16::view>;
        else
            return false;
    }();
};
struct int8_linear_probe {
    template <class C, class>
    static constexpr bool serves = ops::serves_linear<C, int8_view<typename C::space>>;
};
struct bf16_linear_probe {
    template <class C, class>
    static constexpr bool serves = ops::serves_linear<C, view<const bf16, typename C::space>>;
};
struct embedding_probe {
    template <class C, class>
    static constexpr bool serves = ops::serves_embedding<C, view<const float, typename C::space>>;
};
struct int8_embedding_probe {
    template <class C, class>
    static constexpr bool serves = ops::serves_embedding<C, int8_view<typename C::space>>;
};
struct linear_transposed_probe {
    template <class C, class>
    static constexpr bool serves =
        ops::serves_linear_transposed<C, view<const float, typename C::space>>;
};
struct layer_norm_probe {
    template <class C, class> static constexpr bool serves = ops::serves_layer_norm<C>;
};
struct attention_probe {
    template <class C, class> static constexpr bool serves = ops::serves_attention<C>;
};
struct rms_norm_probe {
    template <class C, class> static constexpr bool serves = ops::serves_rms_norm<C>;
};
struct add_layer_norm_probe {
    template <class C, class> static constexpr bool serves = ops::serves_add_layer_norm<C>;
};
struct add_rms_norm_probe {
    template <class C, class> static constexpr bool serves = ops::serves_add_rms_norm<C>;
};
struct rope_probe {
    template <class C, class> static constexpr bool serves = ops::serves_rope<C>;
};
struct store_rows_probe {
    template <class C, class> static constexpr bool serves = ops::serves_store_rows<C>;
};
struct gated_probe {
    template <class C, class> static constexpr bool serves = ops::serves_gated<C>;
};
struct concat_probe {
    template <class C, class> static constexpr bool serves = ops::serves_concat<C>;
};
struct log_softmax_probe {
    template <class C, class> static constexpr bool serves = ops::serves_log_softmax<C>;
};
struct activate_probe {
    template <class C, class> static constexpr bool serves = ops::serves_activate<C>;
};
struct add_probe {
    template <class C, class> static constexpr bool serves = ops::serves_add<C>;
};
struct add_row_probe {
    template <class C, class> static constexpr bool serves = ops::serves_add_row<C>;
};
struct pool_probe {
    template <class C, class> static constexpr bool serves = ops::serves_pool<C>;
};
struct l2_normalize_probe {
    template <class C, class> static constexpr bool serves = ops::serves_l2_normalize<C>;
};
struct top_k_probe {
    template <class C, class> static constexpr bool serves = ops::serves_top_k<C>;
};
}  // namespace detail

/// One row an op, in the order of the documentation.
template <class Tag>
inline constexpr kernel_row kernel_table[] = {
    {"linear", served_by<detail::linear_probe, Tag>()},
    {"linear, packed", served_by<detail::packed_linear_probe, Tag>()},
    {"linear, int8 rows", served_by<detail::int8_linear_probe, Tag>()},
    {"linear, bf16", served_by<detail::bf16_linear_probe, Tag>()},
    {"linear, packed int8 rows", served_by<detail::packed_int8_linear_probe, Tag>()},
    {"linear, packed bf16", served_by<detail::packed_bf16_linear_probe, Tag>()},
    {"linear_transposed", served_by<detail::linear_transposed_probe, Tag>()},
    {"embedding", served_by<detail::embedding_probe, Tag>()},
    {"embedding, int8 rows", served_by<detail::int8_embedding_probe, Tag>()},
    {"layer_norm", served_by<detail::layer_norm_probe, Tag>()},
    {"rms_norm", served_by<detail::rms_norm_probe, Tag>()},
    {"add_layer_norm", served_by<detail::add_layer_norm_probe, Tag>()},
    {"add_rms_norm", served_by<detail::add_rms_norm_probe, Tag>()},
    {"rope", served_by<detail::rope_probe, Tag>()},
    {"attention", served_by<detail::attention_probe, Tag>()},
    {"store_rows", served_by<detail::store_rows_probe, Tag>()},
    {"activate", served_by<detail::activate_probe, Tag>()},
    {"gated", served_by<detail::gated_probe, Tag>()},
    {"add", served_by<detail::add_probe, Tag>()},
    {"add_row", served_by<detail::add_row_probe, Tag>()},
    {"concat", served_by<detail::concat_probe, Tag>()},
    {"pool", served_by<detail::pool_probe, Tag>()},
    {"l2_normalize", served_by<detail::l2_normalize_probe, Tag>()},
    {"log_softmax", served_by<detail::log_softmax_probe, Tag>()},
    {"top_k", served_by<detail::top_k_probe, Tag>()},
};

}}}  // namespace reckon::v0::RECKON_ISA
