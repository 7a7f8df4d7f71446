// Full ranking with one target a list: the target's rank among all candidates, the hit rate HR@k
// and NDCG@k, which for a single target is 1 / log2(rank + 1). Nothing is sampled, nothing
// allocated.
#pragma once

#include <reckon/core/error.hpp>

#include <cmath>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// 1 + the number of candidates that score strictly better than the target: ties are in its favour,
/// as in the published evaluations. Candidates are all but the `excluded`, which ascend (repeats
/// are fine); the target itself competes even where it is among them. A NaN anywhere is an error.
inline idx rank_of(std::span<const float> scores, idx target,
                   std::span<const std::int32_t> excluded = {}) {
    if (target >= scores.size()) fail("rank_of", "target", "an index of scores", target);
    const float bar = scores[target];
    idx better = 0;
    for (idx i = 0; i < scores.size(); ++i) {
        if (std::isnan(scores[i])) fail("rank_of", "scores", "numbers", "NaN");
        better += scores[i] > bar;
    }
    std::int64_t previous = -1;
    for (const std::int32_t item : excluded) {
        if (idx(item) >= scores.size())  // so is what was negative
            fail("rank_of", "excluded", "indices of scores", "one outside");
        if (item < previous) fail("rank_of", "excluded", "ascending indices", "one that falls");
        if (item != previous && scores[idx(item)] > bar) --better;
        previous = item;
    }
    return better + 1;
}

/// Adds up ranks at one cut-off. Ranks come one a target, from 1.
class ranking_at {
  public:
    explicit ranking_at(idx k) : k_(k) {
        expect_that(k > 0, "ranking_at", "k", "a cut-off of at least 1", k);
    }

    void add(idx rank) {
        expect_that(rank > 0, "ranking_at", "rank", "ranks from 1 on", rank);
        ++targets_;
        if (rank > k_) return;
        ++hits_;
        gain_ += 1 / std::log2(static_cast<double>(rank) + 1);
    }

    idx k() const { return k_; }
    idx targets() const { return targets_; }
    idx hits() const { return hits_; }
    /// HR@k; 0 before the first target.
    double hit_rate() const { return mean(static_cast<double>(hits_)); }
    /// NDCG@k; 0 before the first target.
    double ndcg() const { return mean(gain_); }

  private:
    double mean(double sum) const {
        return targets_ == 0 ? 0 : sum / static_cast<double>(targets_);
    }

    idx k_, targets_ = 0, hits_ = 0;
    double gain_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
