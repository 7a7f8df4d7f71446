// What crosses from a caller to a SIMD kernel: views and intervals, no template on a user's type,
// so that the compiled form (reckon::simd) has one name for each whatever the caller's flags. A
// call is the share of one task; y may be x where the op says so.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/core/cache_view.hpp>
#include <reckon/core/int8_sums.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/core/view.hpp>
#include <reckon/core/weights.hpp>

namespace reckon { inline namespace v0 { namespace simd {

/// Vectors in a panel of packed weights and in a block of queries: with the rows that fit beside
/// them they make the register tile of kernels/simd/tile.hpp.
inline constexpr idx panel_vectors = 3;

/// y = f(x w^T + bias); a null bias adds nothing.
struct linear_dense {
    view<const float> x, w, bias;
    activation f;
    view<float> y;
};

/// The same for the columns of one panel (kernels/simd/panels.hpp); bias and y are those columns.
/// `next` is the panel to read ahead meanwhile, wherever it points; none where it is the panel.
struct linear_panel {
    view<const float> x;
    const float *panel, *next;
    view<const float> bias;
    activation f;
    view<float> y;  // at most panel_vectors * lanes columns
};

/// y = x w, for some of w's columns: the inputs and outputs of a linear layer change places.
struct linear_transposed {
    view<const float> x, w;
    view<float> y;
};

/// A query's row of one head, the keys it sees, and where its sum of values goes.
struct attention_query {
    const float* row;
    intervals visible;
    float* y;
};

/// Up to panel_vectors * lanes queries of a sequence, of all heads that read these keys.
template <class K> struct attention_block {
    const attention_query* queries;
    idx count;
    cache_view<const K> keys, values;
    float scale;
    float* scratch;  // attention_floats(..) numbers
};

/// Keys between two corrections of the running maximum.
inline constexpr idx attention_chunk = 256;

constexpr idx round_up(idx n, idx step) { return (n + step - 1) / step * step; }

/// The scratch of one attention_block: queries, scores, sums of values; then keys and values where
/// they are stored as something else than float, values also where they are no whole vectors.
template <class K> constexpr idx attention_floats(idx lanes, idx key_width, idx value_width) {
    const idx rows = panel_vectors * lanes, padded = round_up(value_width, lanes);
    constexpr bool floats = std::same_as<K, float>;
    return rows * (key_width + attention_chunk + padded) +
           attention_chunk *
               ((floats ? 0 : key_width) + (floats && padded == value_width ? 0 : padded));
}

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias
struct layer_norm_rows {
    view<const float> x, gain, bias;
    float epsilon;
    view<float> y;
};

/// y = x / sqrt(mean of x^2 + epsilon) * gain
struct rms_norm_rows {
    view<const float> x, gain;
    float epsilon;
    view<float> y;
};

/// x += f, then y = the norm of x; y may be x.
struct add_layer_norm_rows {
    view<const float> f;
    view<float> x;
    view<const float> gain, bias;
    float epsilon;
    view<float> y;
};
struct add_rms_norm_rows {
    view<const float> f;
    view<float> x;
    view<const float> gain;
    float epsilon;
    view<float> y;
};

/// Turns the heads of x, each as wide as a row of angles: cosines, then sines.
struct rope_rows {
    rope_layout layout;
    view<const float> angles;
    view<float> x;
};

struct activate_rows {
    activation f;
    view<const float> x;
    view<float> y;
};

/// y = f(gate) x
struct gated_rows {
    activation f;
    view<const float> gate, x;
    view<float> y;
};

/// y = a + b
struct add_rows {
    view<const float> a, b;
    view<float> y;
};

/// y = x / max(|x|, 1e-12)
struct l2_normalize_rows {
    view<const float> x;
    view<float> y;
};

/// y = x - log(sum of exp(x))
struct log_softmax_rows {
    view<const float> x;
    view<float> y;
};

/// y = x, rounded
struct round_rows {
    view<const float> x;
    view<bf16> y;
};

/// y = f(x w^T + bias) over bf16 weights, for the columns of one panel
/// (kernels/simd/panels.hpp). Rows of x are bf16 too, filled up with zero to an even number.
struct linear_bf16_panel {
    view<const bf16> x;
    const bf16 *panel, *next;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// The same over bf16 rows as they are, [out, in].
struct linear_bf16_rows {
    view<const bf16> x, w;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// y = the mean of x's rows, one row
struct mean_of_rows {
    view<const float> x;
    view<float> y;
};

/// y = onto + scale q, one row of a table of int8; a null `onto` adds nothing.
struct widen_row {
    const std::int8_t* q;
    float scale;
    const float* onto;
    view<float> y;
};

/// The best of each row, where all columns before `first` have been offered.
struct top_k_rows {
    view<const float> scores;
    idx first;
    view<float> values;
    view<std::int32_t> columns;
};

/// Vectors in a panel of int8 weights.
constexpr idx int8_vectors(idx lanes) { return lanes == 16 ? 3 : 2; }

/// Rows as int8, filled up with zeros to q_row bytes (a multiple of 64), and the scale of each. An
/// arch that multiplies unsigned by signed bytes adds 128 to all of them.
struct quantise_rows {
    view<const float> x;
    std::int8_t* q;
    idx q_row;
    int8_scale* scales;
};

/// The heads of a row of a cache as int8, [heads, width], and the scale of each.
struct quantise_heads {
    view<const float> x;
    std::int8_t* q;
    float* scales;
};

/// Rows made by quantise_rows.
struct rows_as_int8 {
    const std::int8_t* q;
    idx q_row;
    const int8_scale* scales;
    idx rows, cols;
};

/// y = f(x w^T + bias) for the columns of one panel of int8 weights (kernels/simd/int8_panels.hpp).
struct linear_int8_panel {
    rows_as_int8 x;
    const std::int8_t *panel, *next;
    const float* scales;
    const std::int32_t* offsets;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// The same over int8 rows as they are, [out, in].
struct linear_int8_rows {
    rows_as_int8 x;
    view<const std::int8_t> w;
    const float* scales;
    view<const float> bias;
    activation f;
    view<float> y;
};

}}}  // namespace reckon::v0::simd
