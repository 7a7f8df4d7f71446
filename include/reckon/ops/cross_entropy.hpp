// Losses over rows of scores, sum over rows of -log softmax(scores)[target], in the forms that
// recommenders are trained with. A loss is where a backward begins: it knows its weight, which is
// 1 / all targets of a step, and adds weight * dloss / dscores to the gradient of the scores at
// once. What it returns is the weighted sum, added up in the order of the rows.
#pragma once

#include <reckon/core/loss.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/linear.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct cross_entropy_op {
    static constexpr const char* name = "cross_entropy";
    /// `losses`: of each row; `slopes`: of each row, what its loss changes with `scale`. The
    /// gradient may stand where the scores do.
    template <class C>
    using signature = void(input_of<C> scores, softmax_targets targets,
                           softmax_options<number_of<C>> options, view<double> losses,
                           view<double> slopes, gradient_of<C> dscores);
    static auto kernel(auto tag, auto&... a) -> decltype(cross_entropy_kernel(tag, a...)) {
        cross_entropy_kernel(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(cross_entropy_scratch(tag, threads, a...)) {
        return cross_entropy_scratch(tag, threads, a...);
    }
};

namespace detail {

template <any_context C>
void expect_targets(const char* op, idx rows, idx cols, const softmax_targets& t,
                    const softmax_options<number_of<C>>& o) {
    expect(op, "targets.cols", rows, t.columns.cols);
    if constexpr (!C::dry)
        for (idx i = 0; i < rows; ++i)
            if (t.columns(0, i) != t.ignored &&
                (t.columns(0, i) < 0 || idx(t.columns(0, i)) >= cols)) {
                error_text limit{"columns below "};
                limit.append(cols);
                error_text actual{t.columns(0, i)};
                actual.append(" at ");
                actual.append(i);
                fail(op, "targets", limit, actual);
            }
    if (o.class_weights.cols != 0) expect(op, "class_weights.cols", cols, o.class_weights.cols);
    if (o.log_shares.cols != 0) {
        expect(op, "log_shares.cols", cols, o.log_shares.cols);
        expect_that(o.log_shares.rows == 1 || o.log_shares.rows == rows, op, "log_shares.rows",
                    "1, or those of the scores", o.log_shares.rows);
    }
    if (t.column_ids.cols != 0) {
        expect(op, "column_ids.cols", cols, t.column_ids.cols);
        expect_that(t.column_ids.rows == 1 || t.column_ids.rows == rows, op, "column_ids.rows",
                    "1, or those of the scores", t.column_ids.rows);
        expect(op, "target_ids.cols", rows, t.target_ids.cols);
    }
    expect_that(o.smoothing >= 0 && o.smoothing < 1, op, "smoothing", "0 or more and below 1",
                error_text{"another number"});
}

inline double sum_of(view<const double> numbers) {
    double sum = 0;
    for (idx i = 0; i < numbers.cols; ++i) sum += numbers(0, i);
    return sum;
}

}  // namespace detail

/// scores [rows, columns]; targets as in core/loss.hpp.
template <any_context C>
double cross_entropy(C& ctx, tensor_of<C> scores, const softmax_targets& targets,
                     const softmax_options<number_of<C>>& options = {}) {
    detail::expect_targets<C>("cross_entropy", scores.rows, scores.cols, targets, options);
    gradient_of<C> dscores{};
    if constexpr (C::recording) dscores = ctx.begin(gradient(ctx, scores));
    const auto inside = ctx.scratch();
    const auto losses = ctx.template make<double>(1, scores.rows);
    dispatch<cross_entropy_op>(ctx, scores, targets, options, losses, view<double>{}, dscores);
    if constexpr (C::dry)
        return 0;
    else
        return detail::sum_of(losses);
}

/// All bands at once, by a kernel that prepares the weight for all of them. Where there is none,
/// each band is a product, its cross-entropy and its backward.
struct linear_cross_entropy_op {
    static constexpr const char* name = "linear_cross_entropy";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> w, softmax_targets targets,
                           softmax_options<number_of<C>> options, view<double> losses,
                           gradient_of<C> dx, gradient_of<C> dw);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_cross_entropy_kernel(tag, a...)) {
        linear_cross_entropy_kernel(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(linear_cross_entropy_scratch(tag, threads, a...)) {
        return linear_cross_entropy_scratch(tag, threads, a...);
    }
};

/// The same of scores = x w^T [rows, w.rows], which exist for a band of rows only: their gradient,
/// and what follows from it for x and w, is computed while they are there. (Three products; a
/// product and its two backwards are three.) w: a parameter, an activation, or a frozen weight that
/// has a backward.
template <any_context C, weight_view W>
double linear_cross_entropy(C& ctx, tensor_of<C> x, W w, const softmax_targets& targets,
                            const softmax_options<number_of<C>>& options = {}) {
    constexpr const char* op = "linear_cross_entropy";
    const auto v = as_weight<C>(w);
    using V = std::remove_const_t<decltype(v)>;
    expect(op, "w.cols", x.cols, v.cols);
    detail::expect_targets<C>(op, x.rows, v.rows, targets, options);
    gradient_of<C> dx{}, dw{};
    if constexpr (C::recording) {
        dx = ctx.begin(gradient(ctx, x));
        dw = ctx.begin(weight_gradient(ctx, w));
    }
    const bool learns = dx.wanted() || dw.wanted();
    const auto inside = ctx.scratch();
    const auto losses = ctx.template make<double>(1, x.rows);
    if constexpr (std::same_as<V, input_of<C>> &&
                  kernel_call<linear_cross_entropy_op, C>::is_served) {
        dispatch<linear_cross_entropy_op>(ctx, x, v, targets, options, losses, dx, dw);
        return C::dry ? 0 : detail::sum_of(losses);
    }
    const idx most = x.rows < cross_entropy_band ? x.rows : cross_entropy_band;
    const output_of<C> band = ctx.make(most, v.rows);
    for (idx first = 0; first < x.rows; first += most) {
        const idx rows = x.rows - first < most ? x.rows - first : most;
        const auto scores = band.slice(0, rows);
        const input_of<C> own = view<const number_of<C>, typename C::space>(x).slice(first, rows);
        run_linear(ctx, own, v, epilogue_of<C>{}, scores);
        dispatch<cross_entropy_op>(
            ctx, scores, targets.slice(first, rows), options.slice(first, rows),
            losses.columns(first, rows), view<double>{},
            gradient_of<C>{scores, learns ? gradient_use::first : gradient_use::none});
        if constexpr (C::recording)
            if (learns)
                dispatch<linear_backward_op<V>>(ctx, own, v, scores, dx.slice(first, rows), dw,
                                                gradient_of<C>{});
        if (dw.use == gradient_use::first) dw.use = gradient_use::adds;
    }
    if constexpr (C::dry)
        return 0;
    else
        return detail::sum_of(losses);
}

/// 1 / the temperature of a contrastive loss: fixed, or exp of a parameter [1, 1] and at most
/// `most`.
template <class E> struct inverse_temperature {
    float fixed = 1;
    view<const E> log_scale{};
    float most = 100;
};

/// In-batch negatives (van den Oord et al. 2018): row i of `queries` belongs to row i of `keys`,
/// and all other keys are its negatives but those of the same id. Both [rows, width].
template <any_context C>
double info_nce(C& ctx, tensor_of<C> queries, tensor_of<C> keys, ids_of<C> ids,
                const inverse_temperature<number_of<C>>& temperature, double weight) {
    constexpr const char* op = "info_nce";
    expect(op, "keys.rows", queries.rows, keys.rows);
    expect(op, "ids.cols", keys.rows, ids.cols);
    const auto scores = linear(ctx, queries, keys);
    const auto columns = ctx.template make<std::int32_t>(1, keys.rows);
    auto scale = number_of<C>(temperature.fixed);
    bool clipped = true;  // a constant
    if constexpr (!C::dry) {
        for (idx i = 0; i < keys.rows; ++i) columns(0, i) = std::int32_t(i);
        if (temperature.log_scale.cols != 0) {
            scale = std::exp(temperature.log_scale(0, 0));
            clipped = scale > number_of<C>(temperature.most);
            if (clipped) scale = number_of<C>(temperature.most);
        }
    }
    const softmax_targets targets{.columns = columns, .column_ids = ids, .target_ids = ids};
    const softmax_options<number_of<C>> options{.weight = weight, .scale = scale};
    detail::expect_targets<C>(op, scores.rows, scores.cols, targets, options);
    gradient_of<C> dscores{}, dlog{};
    if constexpr (C::recording) {
        dscores = ctx.begin(gradient(ctx, scores));
        if (temperature.log_scale.cols != 0)
            dlog = ctx.begin(gradient<C>(ctx, temperature.log_scale));
    }
    const auto inside = ctx.scratch();
    const auto losses = ctx.template make<double>(1, scores.rows);
    const auto slopes = ctx.template make<double>(1, scores.rows);
    dispatch<cross_entropy_op>(ctx, scores, targets, options, losses, slopes, dscores);
    if constexpr (C::dry) {
        return 0;
    } else {
        if (dlog.wanted() && !clipped)
            dlog(0, 0) += number_of<C>(detail::sum_of(slopes) * double(scale));
        return detail::sum_of(losses);
    }
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
