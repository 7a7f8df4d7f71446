// Beam search with a length penalty, as Hugging Face's generation defines it: of the candidates of
// all beams the best go on, a stop token among the first `beams` of them ends a hypothesis with
// score = sum of log-probabilities / tokens^penalty (the stop token counts), and the search ends
// when no open beam can beat the worst of `beams` finished ones. Allowed sequences (a trie) end
// where they are complete, with or without a stop token.
#pragma once

#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/tasks/generation_request.hpp>

#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct beam_options {
    idx beams = 4;
    float length_penalty = 1;     // above 1 favours long texts, below 1 short ones
    bool stop_when_full = false;  // as soon as `beams` hypotheses are finished
};

struct hypothesis {
    std::vector<std::int32_t> ids{};  // new ones, stop token apart
    double score = 0;
};

namespace detail {
/// The best hypotheses so far, at most as many as there are beams.
class hypotheses {
  public:
    hypotheses(const beam_options& options) : options_(options) {}

    void add(std::vector<std::int32_t> ids, double sum, idx tokens) {
        const double score = scored(sum, tokens);
        if (all_.size() == options_.beams && !(score > all_.back().score)) return;
        const auto at = std::find_if(all_.begin(), all_.end(),
                                     [&](const hypothesis& h) { return h.score < score; });
        all_.insert(at, {std::move(ids), score});
        if (all_.size() > options_.beams) all_.pop_back();
    }
    /// Nothing that goes on from a candidate of this sum can enter the list.
    bool settled(double best_sum, idx tokens) const {
        if (all_.size() < options_.beams) return false;
        return options_.stop_when_full || all_.back().score >= scored(best_sum, tokens);
    }
    std::vector<hypothesis> take() { return std::move(all_); }

  private:
    double scored(double sum, idx tokens) const {
        return sum / std::pow(double(tokens), double(options_.length_penalty));
    }

    beam_options options_;
    std::vector<hypothesis> all_;  // best first
};

struct beam {
    std::vector<std::int32_t> ids{};
    double sum = 0;
    token_trie::node at = token_trie::root;
    idx slot = 0;
};
struct candidate {
    double sum;
    idx parent;
    std::int32_t id;
};

/// The best continuations of all beams, best first; so many that `most` of them do not end there.
inline std::vector<candidate> best_candidates(const generation_request& r,
                                              std::span<const beam> beams,
                                              view<const float> log_chances, idx most) {
    std::vector<candidate> all;
    std::vector<std::int32_t> allowed;
    for (idx b = 0; b < beams.size(); ++b) {
        allowed_next(r, beams[b].at, allowed);
        const auto add = [&](idx id) {
            const double chance = log_chances(b, id);
            expect_that(!std::isnan(chance), "beam_search", "logits", "numbers", "NaN");
            all.push_back({beams[b].sum + chance, b, static_cast<std::int32_t>(id)});
        };
        if (r.allowed == nullptr)
            for (idx id = 0; id < log_chances.cols; ++id) add(id);
        for (std::int32_t id : allowed) add(idx(id));
    }
    const idx enough =
        r.allowed != nullptr ? all.size() : std::max(idx{2}, 1 + r.stop.size()) * most;
    const idx kept = std::min(enough, all.size());
    std::partial_sort(all.begin(), all.begin() + std::ptrdiff_t(kept), all.end(),
                      [](const candidate& a, const candidate& b) {
                          if (a.sum != b.sum) return a.sum > b.sum;
                          return a.parent != b.parent ? a.parent < b.parent : a.id < b.id;
                      });
    all.resize(kept);
    return all;
}
}  // namespace detail

/// The best hypotheses, best first, at most as many as beams.
template <element K = float, any_context C, language_model<C> Model>
std::vector<hypothesis> beam_search(C& ctx, const Model& model, const generation_request& request,
                                    const beam_options& options) {
    using namespace detail;
    const idx prompt = request.prompt_rows(), beams_most = options.beams;
    expect_request(model, request, model.size.positions);
    expect_that(beams_most != 0, "beam_search", "beams", "at least 1", idx{0});
    expect_that(std::isfinite(options.length_penalty), "beam_search", "length_penalty",
                "a finite number", "another");
    expect_that(request.how.temperature == 0 && request.how.repetition_penalty == 1, "beam_search",
                "how", "neither temperature nor repetition penalty", "one");

    kv_cache<K> cache{model.cached(), {beams_most, request.context()}};
    hypotheses finished(options);
    std::vector<beam> beams(1);
    std::vector<std::int32_t> ids = request.prompt;  // the newest rows of the beams,
    idx each = prompt;                               // so many of each
    for (idx step = 1; !beams.empty(); ++step) {
        const auto scope = ctx.scope();
        std::vector<std::int32_t> offsets{0};
        std::vector<idx> slots;
        for (const beam& b : beams) {
            offsets.push_back(offsets.back() + static_cast<std::int32_t>(each));
            slots.push_back(b.slot);
        }
        const ragged sequences{offsets};
        const auto keys = cache.extend(ctx, slots, sequences);
        const auto x = ids.empty() ? copied(ctx, request.rows)
                                   : model.embed(ctx, batch_of(ids, offsets), keys.first());
        const auto hidden = model.run(ctx, x, sequences,
                                      Model::mask_of({request.soft_prompts, request.source}), keys);
        const auto log_chances = ops::log_softmax(
            ctx, model.logits(ctx, ops::pool(ctx, hidden, sequences, pooling::last)));
        const auto candidates = best_candidates(request, beams, log_chances, beams_most);

        std::vector<beam> next;
        std::vector<idx> parents;
        for (idx rank = 0; rank < candidates.size() && next.size() < beams_most; ++rank) {
            const candidate& c = candidates[rank];
            beam b = beams[c.parent];
            b.sum = c.sum;
            const ending end = after(request, c.id, step, b.at);
            if (end != ending::stop) b.ids.push_back(c.id);
            if ((end == ending::stop || end == ending::allowed) && rank < beams_most)
                finished.add(b.ids, b.sum, step);
            if (end == ending::stop) continue;
            if (request.allowed != nullptr && request.allowed->children(b.at).empty()) continue;
            next.push_back(std::move(b));
            parents.push_back(c.parent);
        }
        if (finished.settled(candidates[0].sum, step)) break;
        if (step == request.max_tokens) {
            if (request.allowed == nullptr)
                for (beam& b : next) finished.add(std::move(b.ids), b.sum, step);
            break;
        }

        // The first child of a beam goes on in its slot, the others in slots that nobody needs.
        std::vector<bool> taken(beams_most);
        for (idx i = 0; i < next.size(); ++i) {
            const idx slot = beams[parents[i]].slot;
            next[i].slot = taken[slot] ? beams_most : slot;
            taken[slot] = true;
        }
        for (idx i = 0; i < next.size(); ++i) {
            if (next[i].slot != beams_most) continue;
            const idx slot = idx(std::find(taken.begin(), taken.end(), false) - taken.begin());
            const bool used = cache.length(slot) != 0;  // the prompts of all are the same
            cache.copy(beams[parents[i]].slot, slot, used ? prompt : 0);
            next[i].slot = slot;
            taken[slot] = true;
        }
        ids.clear();
        for (const beam& b : next) ids.push_back(b.ids.back());
        each = 1;
        beams = std::move(next);
    }
    return finished.take();
}

}}}  // namespace reckon::v0::RECKON_ISA
