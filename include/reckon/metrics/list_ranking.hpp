// Full ranking with several targets a list. With r_i the ranks of its T targets, a list has
//     HIT@k = 1 if any r_i <= k, else 0        Recall@k = |{i: r_i <= k}| / T
//     NDCG@k = sum over r_i <= k of 1 / log2(r_i + 1)  /  sum over n <= min(k, T) of 1 / log2(n +
//     1)
// and every list counts the same in the mean (Jarvelin and Kekalainen 2002, relevance 0 or 1).
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/standing.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Adds up lists at one cut-off; allocates nothing.
class list_ranking_at {
  public:
    explicit list_ranking_at(idx k) : k_(k) {
        expect_that(k > 0, "list_ranking_at", "k", "a cut-off of at least 1", k);
    }

    /// All targets of one list, one at least, in any order, as `standings_of` gives them: no two
    /// hold the same place. Places that would make NDCG more than 1 are refused.
    void add(std::span<const standing> targets, ties how) {
        constexpr const char* op = "list_ranking_at";
        expect_that(!targets.empty(), op, "targets", "one at least", 0);
        idx found = 0, tied = 0;
        double gain = 0, ideal = 0;
        for (const standing& target : targets) {
            const double rank = target.rank(how);
            tied += target.equal > 0;
            if (rank > static_cast<double>(k_)) continue;
            ++found;
            gain += discount(rank);
        }
        for (idx n = 1; n <= std::min(k_, targets.size()); ++n)
            ideal += discount(static_cast<double>(n));
        expect_that(gain <= ideal * (1 + 1e-9), op, "targets", "a place for each", "shared ones");

        ++lists_;
        hits_ += found > 0;
        targets_ += targets.size();
        tied_ += tied;
        recall_ += static_cast<double>(found) / static_cast<double>(targets.size());
        ndcg_ += gain / ideal;
    }

    idx k() const { return k_; }
    idx lists() const { return lists_; }
    idx targets() const { return targets_; }
    /// Lists with a target among the first k.
    idx hits() const { return hits_; }
    /// Targets that share their score with a candidate that is no target.
    idx tied() const { return tied_; }
    /// HIT@k, from 0 to 1; 0 before the first list.
    double hit_rate() const { return mean(static_cast<double>(hits_)); }
    /// Recall@k, from 0 to 1 (less where a list has more than k targets); 0 before the first list.
    double recall() const { return mean(recall_); }
    /// NDCG@k, from 0 to 1; 0 before the first list.
    double ndcg() const { return mean(ndcg_); }

  private:
    static double discount(double rank) { return 1 / std::log2(rank + 1); }
    double mean(double sum) const { return lists_ == 0 ? 0 : sum / static_cast<double>(lists_); }

    idx k_, lists_ = 0, targets_ = 0, hits_ = 0, tied_ = 0;
    double recall_ = 0, ndcg_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
