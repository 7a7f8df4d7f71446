// One token from a row of logits. In this order, as Hugging Face's generation does: the repetition
// penalty (Keskar et al. 2019), the temperature, the top k, the top p (Holtzman et al. 2020). A
// temperature of 0 takes the most probable token, of equal ones the first.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/core/random.hpp>
#include <reckon/core/view.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct sampling {
    float temperature = 0;
    idx top_k = 0;                 // 0: all
    float top_p = 1;               // 1: all
    float repetition_penalty = 1;  // of every token of prompt and output; 1: none
    std::uint64_t seed = 0;
};

inline void expect_sampling(const sampling& s) {
    expect_that(s.temperature >= 0 && std::isfinite(s.temperature), "sampling", "temperature",
                "0 or more", "less, or no number");
    expect_that(s.top_p > 0 && s.top_p <= 1, "sampling", "top_p", "above 0, at most 1", "another");
    expect_that(s.repetition_penalty > 0 && std::isfinite(s.repetition_penalty), "sampling",
                "repetition_penalty", "above 0", "another");
}

/// The tokens that may come, and how probable each is. It keeps its memory from call to call.
class token_chances {
  public:
    struct chance {
        std::int32_t id;
        double weight;  // a logit, later a probability
    };

    explicit token_chances(idx vocabulary) : seen_(vocabulary) { all_.reserve(vocabulary); }

    /// `allowed` restricts the choice; empty means all. `past` is what the penalty counts. The
    /// result is sorted by falling probability where top_k or top_p ask for it.
    std::span<const chance> of(view<const float> logits, const sampling& how,
                               std::span<const std::int32_t> allowed,
                               std::span<const std::int32_t> prompt,
                               std::span<const std::int32_t> output) {
        expect_sampling(how);
        all_.clear();
        if (allowed.empty())
            for (idx id = 0; id < logits.cols; ++id)
                all_.push_back({static_cast<std::int32_t>(id), logits(0, id)});
        else
            for (std::int32_t id : allowed) all_.push_back({id, logits(0, idx(id))});
        for (const chance& c : all_)
            expect_that(!std::isnan(c.weight), "sample", "logits", "numbers", "NaN");

        if (how.repetition_penalty != 1) penalise(how.repetition_penalty, prompt, output);
        if (how.temperature == 0) {
            const auto best = std::max_element(all_.begin(), all_.end(), less);
            all_[0] = {best->id, 1};
            all_.resize(1);
            return all_;
        }
        for (chance& c : all_) c.weight /= double(how.temperature);
        const idx kept = how.top_k == 0 ? all_.size() : std::min(how.top_k, all_.size());
        if (kept < all_.size() || how.top_p < 1)
            std::sort(all_.begin(), all_.end(), [](const chance& a, const chance& b) {
                return a.weight > b.weight || (a.weight == b.weight && a.id < b.id);
            });
        if (kept < all_.size()) {  // what ties with the k-th stays
            idx end = kept;
            while (end < all_.size() && all_[end].weight == all_[kept - 1].weight) ++end;
            all_.resize(end);
        }
        to_probabilities();
        if (how.top_p < 1) {  // the fewest that reach top_p together
            double above = 0;
            idx end = 0;
            while (end < all_.size() && above < double(how.top_p)) above += all_[end++].weight;
            all_.resize(end);
            for (chance& c : all_) c.weight /= above;
        }
        return all_;
    }

  private:
    static bool less(const chance& a, const chance& b) { return a.weight < b.weight; }

    void penalise(float penalty, std::span<const std::int32_t> prompt,
                  std::span<const std::int32_t> output) {
        for (const auto past : {prompt, output})
            for (std::int32_t id : past) seen_[idx(id)] = true;
        for (chance& c : all_)
            if (seen_[idx(c.id)]) c.weight *= c.weight < 0 ? double(penalty) : 1 / double(penalty);
        for (const auto past : {prompt, output})
            for (std::int32_t id : past) seen_[idx(id)] = false;
    }

    void to_probabilities() {
        const double top = std::max_element(all_.begin(), all_.end(), less)->weight;
        expect_that(std::isfinite(top), "sample", "logits", "a finite maximum", "an infinity");
        double total = 0;
        for (chance& c : all_) total += c.weight = std::exp(c.weight - top);
        for (chance& c : all_) c.weight /= total;
    }

    std::vector<chance> all_;
    std::vector<bool> seen_;
};

/// The token at which the chances, one behind the other, reach `uniform` in [0, 1).
inline std::int32_t drawn(std::span<const token_chances::chance> chances, double uniform) {
    double reached = 0;
    for (const auto& c : chances) {
        reached += c.weight;
        if (uniform < reached) return c.id;
    }
    return chances.back().id;  // rounding left the sum below 1
}

}}}  // namespace reckon::v0::RECKON_ISA
