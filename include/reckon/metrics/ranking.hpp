// Full ranking with one target a list: the target's rank among all candidates, and over many lists
// the hit rate HR@k, NDCG@k, which for a single target is 1 / log2(rank + 1), and MRR@k, the mean
// of 1 / rank. Nothing is sampled, nothing allocated. Several targets: metrics/list_ranking.hpp.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/standing.hpp>

#include <cmath>
#include <concepts>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// 1 + the number of candidates that score strictly better than the target: ties are in its favour,
/// as in the published evaluations (`standing_of` counts them). Candidates are all but the
/// `excluded`, which ascend (repeats are fine); the target itself competes even where it is among
/// them. A NaN anywhere is an error.
inline idx rank_of(std::span<const float> scores, idx target,
                   std::span<const std::int32_t> excluded = {}) {
    const std::span<const idx> one{&target, 1};
    detail::check_list("rank_of", "target", scores, one, excluded);
    return 1 + detail::standing_in(scores, one, 0, excluded).better;
}

/// Adds up ranks at one cut-off. Ranks come one a target, from 1; what ranks behind k counts 0.
class ranking_at {
  public:
    explicit ranking_at(idx k) : k_(k) {
        expect_that(k > 0, "ranking_at", "k", "a cut-off of at least 1", k);
    }

    void add(std::integral auto rank) {
        expect_that(rank > 0, "ranking_at", "rank", "ranks from 1 on", rank);
        count(static_cast<double>(rank));
    }
    /// A rank between two places, as `ties::half` gives it, is behind k if it is more than k.
    void add(double rank) {
        expect_that(rank >= 1, "ranking_at", "rank", "ranks from 1 on", "a smaller one or NaN");
        count(rank);
    }
    /// Also counts whether the target shares its score.
    void add(const standing& target, ties how) {
        tied_ += target.equal > 0;
        count(target.rank(how));
    }

    idx k() const { return k_; }
    idx targets() const { return targets_; }
    idx hits() const { return hits_; }
    /// Targets added by their standing that share their score with another candidate.
    idx tied() const { return tied_; }
    /// HR@k; 0 before the first target.
    double hit_rate() const { return mean(static_cast<double>(hits_)); }
    /// NDCG@k; 0 before the first target.
    double ndcg() const { return mean(gain_); }
    /// MRR@k; 0 before the first target. MRR itself where k is the number of candidates.
    double mrr() const { return mean(reciprocals_); }

  private:
    void count(double rank) {
        ++targets_;
        if (rank > static_cast<double>(k_)) return;
        ++hits_;
        gain_ += 1 / std::log2(rank + 1);
        reciprocals_ += 1 / rank;
    }
    double mean(double sum) const {
        return targets_ == 0 ? 0 : sum / static_cast<double>(targets_);
    }

    idx k_, targets_ = 0, hits_ = 0, tied_ = 0;
    double gain_ = 0, reciprocals_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
