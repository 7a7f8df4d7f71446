// Scoring (M6-Rec 2.1): what a task's options, or classes, have to say of a user's text and an
// item's. The text is read at its last row.
//     score_texts clicks{model, task, examples};           an objective to be tuned for
//     const auto shares = score(ctx, model, task, examples);   of each text, its classes' shares
#pragma once

#include <reckon/ops/cross_entropy.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/text/encode_pair.hpp>
#include <reckon/tuning/resident_tasks.hpp>

#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct labelled_text {
    encoded_pair text;
    std::int32_t label = 0;
};

/// An objective (train/objective.hpp): the mean cross-entropy of the labels. The task's soft
/// prompts stand in each batch once.
template <class Model> class score_texts {
  public:
    struct batch {
        task_batch rows;
        std::vector<std::int32_t> labels;
        std::vector<std::int64_t> examples;  // of each sequence; the prompts' own is -1
    };

    score_texts(const Model& model, const task& t, std::span<const labelled_text> examples)
        : model_(model), task_(t), examples_(examples) {
        for (const labelled_text& e : examples)
            if (e.label < 0 || idx(e.label) >= t.classes())
                fail("score_texts", "label", t.classes() - 1, e.label);
    }

    idx size() const { return examples_.size(); }
    idx rows(idx example) const { return examples_[example].text.ids.size(); }
    void fill(batch& b, std::span<const std::int64_t> examples, idx /* epoch */) const {
        b.rows.clear();
        b.labels.clear();
        b.examples.clear();
        if (task_.size.prompts != 0) {
            b.rows.add_prompts(task_);
            b.examples.push_back(-1);
        }
        for (const std::int64_t i : examples) {
            const labelled_text& e = examples_[idx(i)];
            b.rows.add(task_, e.text.ids, e.text.types, e.text.source);
            b.labels.push_back(e.label);
            b.examples.push_back(i);
        }
        b.rows.end_task(task_);
    }
    double targets(const batch& b) const { return double(b.labels.size()); }

    template <any_context C> double loss(C& ctx, const batch& b, double weight) const {
        if constexpr (C::recording) {
            auto dropped = ctx.dropout();
            dropped.examples = b.examples.data();
            ctx.drop(dropped);
        }
        const auto read = read_texts(ctx, model_, b.rows, task_.prompts.look());
        const auto logits = task_.logits(ctx, read);
        return ops::cross_entropy(ctx, logits,
                                  softmax_targets{.columns = {b.labels.data(), 1, b.labels.size()}},
                                  {.weight = weight});
    }

  private:
    const Model& model_;
    const task& task_;
    std::span<const labelled_text> examples_;
};

/// Of each text, the shares of its task's classes, which sum to 1.
using class_shares = std::vector<std::vector<float>>;

namespace detail {

/// Those of texts at[0], at[1] .. from rows of logits; a number that is none is an error.
template <any_context C>
void put_shares(C& ctx, const tensor_of<C>& logits, std::span<const idx> at, class_shares& shares) {
    const auto logs = ops::log_softmax(ctx, logits);
    for (idx i = 0; i < at.size(); ++i)
        for (idx c = 0; c < logs.cols; ++c) {
            const float share = std::exp(logs(i, c));
            expect_that(std::isfinite(share), "score", "shares", "finite numbers", "others");
            shares[at[i]].push_back(share);
        }
}

/// f(texts) for parts of texts 0 .. count - 1, in the order of lengths, of at most `tokens` rows.
template <class Rows, class F> void by_length(idx count, const Rows& rows, idx tokens, const F& f) {
    std::vector<idx> order(count);
    std::iota(order.begin(), order.end(), idx{0});
    std::stable_sort(order.begin(), order.end(), [&](idx a, idx b) { return rows(a) < rows(b); });
    for (idx begin = 0; begin < order.size();) {
        idx end = begin, sum = 0;
        do sum += rows(order[end++]);
        while (end < order.size() && sum + rows(order[end]) <= tokens);
        f(std::span<const idx>{order}.subspan(begin, end - begin));
        begin = end;
    }
}

}  // namespace detail

struct score_options {
    idx tokens = 2048;  // of one pass through the model
};

/// Of texts of one task, whose prompts stand in each batch as in training.
template <any_context C, class Model>
class_shares score(C& ctx, const Model& model, const task& t, std::span<const labelled_text> texts,
                   const score_options& options = {}) {
    class_shares shares(texts.size());
    const score_texts objective{model, t, texts};
    typename score_texts<Model>::batch batch;
    std::vector<std::int64_t> taken;
    detail::by_length(
        texts.size(), [&](idx i) { return objective.rows(i); }, options.tokens,
        [&](std::span<const idx> part) {
            const auto scope = ctx.scope();
            taken.assign(part.begin(), part.end());
            objective.fill(batch, taken, 0);
            const auto read = read_texts(ctx, model, batch.rows, t.prompts.look());
            detail::put_shares(ctx, t.logits(ctx, read), part, shares);
        });
    return shares;
}

/// A text, and the slot of its task.
struct asked_text {
    const encoded_pair* text;
    idx slot;
};

/// The same for texts of many tasks that are resident.
template <any_context C, class Model>
class_shares score(C& ctx, const resident_tasks<Model>& tasks, std::span<const asked_text> texts,
                   const score_options& options = {}) {
    class_shares shares(texts.size());
    task_batch batch;
    detail::by_length(
        texts.size(), [&](idx i) { return texts[i].text->ids.size(); }, options.tokens,
        [&](std::span<const idx> part) {
            std::vector<idx> order{part.begin(), part.end()};
            std::stable_sort(order.begin(), order.end(),
                             [&](idx a, idx b) { return texts[a].slot < texts[b].slot; });
            const auto end_of_task = [&](idx begin) {
                idx end = begin;
                while (end < order.size() && texts[order[end]].slot == texts[order[begin]].slot)
                    ++end;
                return end;
            };
            const auto scope = ctx.scope();
            batch.clear();
            for (idx begin = 0, end = 0; begin < order.size(); begin = end) {
                end = end_of_task(begin);
                const idx slot = texts[order[begin]].slot;
                for (idx i = begin; i < end; ++i) {
                    const encoded_pair& own = *texts[order[i]].text;
                    tasks.add(batch, slot, own.ids, own.types, own.source);
                }
                tasks.end_task(batch, slot);
            }
            const auto read = tasks.read_texts(ctx, batch);
            for (idx begin = 0, end = 0; begin < order.size(); begin = end) {
                end = end_of_task(begin);
                const auto inside = ctx.scope();
                const task& t = tasks.at(texts[order[begin]].slot);
                detail::put_shares(ctx, t.logits(ctx, read.slice(begin, end - begin)),
                                   std::span{order}.subspan(begin, end - begin), shares);
            }
        });
    return shares;
}

}}}  // namespace reckon::v0::RECKON_ISA
