// Learning to say what comes next: each item of a user's history from those before it (Kang and
// McAuley 2018, III-E), by one of three losses over the item table.
//     full       cross-entropy over all items
//     sampled    over the target and a few negatives, drawn for each position, uniformly and with
//                replacement; a negative that is the target is left out
//     bce        binary cross-entropy of the target and of one negative
// Of each user's items the last two are held out: the last for testing, the one before for
// validation.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/core/random.hpp>
#include <reckon/data/item_log.hpp>
#include <reckon/layers/dropout.hpp>
#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/ops/candidate_scores.hpp>
#include <reckon/ops/cross_entropy.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class next_item_loss : std::uint8_t { full, sampled, bce };

inline next_item_loss next_item_loss_of(std::string_view word) {
    if (word == "full") return next_item_loss::full;
    if (word == "sampled") return next_item_loss::sampled;
    if (word == "bce") return next_item_loss::bce;
    throw load_error("next_items", "loss", "sampled, full or bce", in_quotes(word));
}

/// An objective (train/objective.hpp) of a model such as sasrec::model<>.
template <class Model> class next_items {
  public:
    struct options {
        next_item_loss loss = next_item_loss::sampled;
        idx negatives = 256;  // of each position, with loss sampled
        std::uint64_t seed = 0;
    };
    struct batch {
        std::vector<std::int32_t> ids, offsets, targets, candidates, first;
        std::vector<float> labels;
    };

    next_items(const Model& model, const item_log& log, options how)
        : model_(model), log_(log), how_(how) {
        constexpr idx most = 65535;  // what a counter of random numbers has room for
        expect_that(how.negatives <= most, "next_items", "negatives", "at most 65535",
                    how.negatives);
        expect_that(model.size.positions <= most, "next_items", "positions", "at most 65535",
                    model.size.positions);
        for (idx user = 0; user < log.users(); ++user)
            if (log[user].size() >= 4) users_.push_back(user);
        const std::int32_t last = std::int32_t(model.size.items) - 1;
        expect_that(log.last_item < last, "next_items", "items",
                    "a table with a row for every item, padding and mask", idx(log.last_item));
    }

    idx size() const { return users_.size(); }
    idx rows(idx example) const {
        return std::min(log_[users_[example]].size() - 3, model_.size.positions);
    }
    void fill(batch& b, std::span<const std::int64_t> examples, idx epoch) const {
        b.ids.clear();
        b.targets.clear();
        b.candidates.clear();
        b.labels.clear();
        b.offsets.assign(1, 0);
        const idx drawn = drawn_candidates();
        for (const std::int64_t example : examples) {
            const auto items = log_[users_[idx(example)]];
            const idx n = rows(idx(example)), end = items.size() - 2;  // before the held out
            const philox random{how_.seed, negatives_stream + (std::uint64_t{epoch} << 32)};
            for (idx i = 0; i < n; ++i) {
                const std::int32_t target = items[end - n + i];
                b.ids.push_back(items[end - n + i - 1]);
                b.targets.push_back(target);
                if (drawn == 0) continue;
                b.candidates.push_back(target);
                for (idx k = 0; k < drawn; ++k) {
                    const std::uint64_t place =
                        std::uint64_t(example) << 32 | std::uint64_t{n - i} << 16 | k;
                    b.candidates.push_back(
                        1 + std::int32_t(random.below(place, std::uint32_t(log_.last_item))));
                }
            }
            b.offsets.push_back(std::int32_t(b.ids.size()));
        }
        b.first.assign(b.targets.size(), 0);
        if (how_.loss == next_item_loss::bce)
            for (idx i = 0; i < b.candidates.size(); ++i)
                b.labels.push_back(i % 2 == 0 ? 1.f : 0.f);
    }
    double targets(const batch& b) const { return double(b.targets.size()); }

    template <any_context C> double loss(C& ctx, const batch& b, double weight) const {
        const ops::input_of<C> table = model_.items.weight.look();
        if constexpr (C::recording)
            if (const auto mask = ctx.dropout().at(dropout_place::table, 0); mask.drops())
                return loss_over(ctx, ops::dropped_table(ctx, table, mask), b, weight);
        return loss_over(ctx, table, b, weight);
    }

  private:
    static constexpr std::uint64_t negatives_stream = 0x6e6567;  // "neg"

    idx drawn_candidates() const {
        return how_.loss == next_item_loss::full  ? 0
               : how_.loss == next_item_loss::bce ? 1
                                                  : how_.negatives;
    }

    /// `table`: the item table, or what training left of it: the same where items are read and
    /// where they are scored.
    template <any_context C, class Table>
    double loss_over(C& ctx, const Table& table, const batch& b, double weight) const {
        const auto inputs = batch_of(b.ids, b.offsets);
        auto x = ops::embedding(ctx, inputs.ids, table);
        x = model_.embed_places(ctx, x, inputs.sequences);
        const auto hidden = model_.run(ctx, x, inputs.sequences);
        const view<const std::int32_t> targets{b.targets.data(), 1, b.targets.size()};
        if (how_.loss == next_item_loss::full)
            return ops::linear_cross_entropy(
                ctx, hidden, table, softmax_targets{.columns = targets}, {.weight = weight});
        const idx columns = 1 + drawn_candidates();
        const view<const std::int32_t> candidates{b.candidates.data(), b.targets.size(), columns};
        const auto scores = ops::candidate_scores(ctx, hidden, table, candidates);
        if (how_.loss == next_item_loss::bce)
            return ops::binary_cross_entropy(ctx, scores,
                                             {b.labels.data(), b.targets.size(), columns}, weight);
        const softmax_targets first{.columns = {b.first.data(), 1, b.first.size()},
                                    .column_ids = candidates,
                                    .target_ids = targets};
        return ops::cross_entropy(ctx, scores, first, {.weight = weight});
    }

    const Model& model_;
    const item_log& log_;
    options how_;
    std::vector<idx> users_;
};

}}}  // namespace reckon::v0::RECKON_ISA
