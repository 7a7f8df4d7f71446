// Text from a language model. A `generator` holds a ragged batch of sequences that enter and leave
// while it runs; each `step` adds a token to every one of them, and reads the prompts of those that
// have just entered in the same pass.
//     generator texts{ctx, model, {.slots = 16, .tokens = 512}};
//     const idx a = texts.enter({.prompt = ids, .max_tokens = 40, .how = {.temperature = .8f}});
//     while (texts.running())
//         texts.step([&](idx sequence, std::int32_t id) { /* a token came */ });
//     texts.output(a);
// `generate` does this for a list of prompts. What a sequence becomes depends on its own request
// alone, not on its neighbours in the batch. A step that failed may be repeated: no sequence loses
// or doubles a token.
#pragma once

#include <reckon/ops/pool.hpp>
#include <reckon/tasks/generation_request.hpp>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {
/// A sequence of a batch: its request, what came so far, where it stands in the trie.
struct generated {
    generation_request request;
    std::vector<std::int32_t> output;
    token_trie::node at = token_trie::root;
    ending end = ending::none;
    bool held = false, prompt_read = false;
    std::uint64_t step = 0;  // the last one that gave it a token
};
}  // namespace detail

/// K: what keys and values are kept in, float, bf16 or int8.
template <any_context C, language_model<C> Model, element K = float> class generator {
    static_assert(std::same_as<typename C::space, host>,
                  "generator: its key cache lives in host memory, so its context must be one of a "
                  "CPU");

  public:
    generator(C& ctx, const Model& model, const cache_room& room)
        : ctx_(ctx),
          model_(model),
          cache_(model.cached(), room),
          sequences_(room.slots),
          chances_(model.size.vocabulary) {
        allowed_.reserve(model.size.vocabulary);
    }

    /// Takes a free place in the batch and tells which; the prompt is read by the next step.
    idx enter(generation_request request) {
        detail::expect_request(model_, request, cache_.tokens());
        const auto free = std::find_if(sequences_.begin(), sequences_.end(),
                                       [](const auto& s) { return !s.held; });
        expect_that(free != sequences_.end(), "generator", "slots", "a free one", "none");
        const idx slot = idx(free - sequences_.begin());
        *free = {.request = std::move(request), .output = {}, .held = true};
        free->output.reserve(free->request.max_tokens);
        return slot;
    }

    /// Gives its place back, over or not.
    void leave(idx sequence) { held(sequence).held = false; }

    idx running() const {
        return idx(std::count_if(sequences_.begin(), sequences_.end(), is_running));
    }
    /// What came so far, stop tokens apart.
    const std::vector<std::int32_t>& output(idx sequence) const { return held(sequence).output; }
    ending ended(idx sequence) const { return held(sequence).end; }
    /// Over, and still in its place.
    bool finished(idx sequence) const {
        expect_that(sequence < sequences_.size(), "generator", "sequence", "one of the slots",
                    sequence);
        return sequences_[sequence].held && !is_running(sequences_[sequence]);
    }
    const kv_cache<K>& cache() const { return cache_; }

    /// One token for every running sequence; then on_token(sequence, id) for each that came, in
    /// the order of the places. It may let sequences enter and leave.
    template <class F> void step(F&& on_token) {
        advance_all();
        for (idx s = 0; s < sequences_.size(); ++s) {
            const auto& g = sequences_[s];
            if (g.held && g.step == steps_ && g.end != ending::stop) on_token(s, g.output.back());
        }
    }
    void step() {
        step([](idx, std::int32_t) {});
    }

  private:
    static bool is_running(const detail::generated& s) { return s.held && s.end == ending::none; }
    detail::generated& held(idx sequence) {
        return const_cast<detail::generated&>(std::as_const(*this).held(sequence));
    }
    const detail::generated& held(idx sequence) const {
        expect_that(sequence < sequences_.size() && sequences_[sequence].held, "generator",
                    "sequence", "one that has entered", sequence);
        return sequences_[sequence];
    }

    /// What the model has not seen of a sequence.
    std::span<const std::int32_t> next_ids(idx s) const {
        const auto& g = sequences_[s];
        if (!g.prompt_read) return g.request.prompt;
        return {g.output.data() + g.output.size() - 1, 1};
    }
    /// How many rows the model has seen; another sequence, or a step that failed, may have left
    /// more in the cache.
    idx rows_read(const detail::generated& g) const {
        return g.prompt_read ? g.request.prompt_rows() + g.output.size() - 1 : 0;
    }

    void advance_all() {
        const auto scope = ctx_.scope();
        ++steps_;
        idx count = 0, tokens = 0;
        const auto slots = ctx_.template make<idx>(1, sequences_.size());
        for (idx s = 0; s < sequences_.size(); ++s) {
            const auto& g = sequences_[s];
            if (!is_running(g)) continue;
            cache_.cut(s, rows_read(g));
            if (!g.prompt_read && g.request.prompt.empty()) {
                advance_rows(s);
            } else {
                slots(0, count++) = s;
                tokens += next_ids(s).size();
            }
        }
        if (count == 0) return;
        const auto ids = ctx_.template make<std::int32_t>(1, tokens),
                   offsets = ctx_.template make<std::int32_t>(1, count + 1);
        offsets(0, 0) = 0;
        for (idx i = 0, end = 0; i < count; ++i) {
            for (std::int32_t id : next_ids(slots(0, i))) ids(0, end++) = id;
            offsets(0, i + 1) = static_cast<std::int32_t>(end);
        }
        const id_batch<> batch{ids, ragged{{offsets.data, offsets.cols}}};
        const std::span<const idx> taken{slots.data, count};
        const auto keys = cache_.extend(ctx_, taken, batch.sequences);
        advance(taken, model_.embed(ctx_, batch, keys.first()), batch.sequences, keys);
    }

    /// A prompt of embedded rows goes through the model alone.
    void advance_rows(idx s) {
        const auto scope = ctx_.scope();
        const auto& rows = sequences_[s].request.rows;
        const std::int32_t offsets[] = {0, static_cast<std::int32_t>(rows.rows())};
        const ragged one{offsets};
        const std::span<const idx> slot{&s, 1};
        const auto keys = cache_.extend(ctx_, slot, one);
        advance(slot, detail::copied(ctx_, rows), one, keys);
    }

    void advance(std::span<const idx> slots, tensor_of<C> x, const ragged& sequences,
                 const cached_keys<K>& keys) {
        const auto borders = ctx_.template make<std::int32_t>(2, slots.size());
        for (idx i = 0; i < slots.size(); ++i) {
            borders(0, i) = static_cast<std::int32_t>(sequences_[slots[i]].request.soft_prompts);
            borders(1, i) = static_cast<std::int32_t>(sequences_[slots[i]].request.source);
        }
        const auto mask = Model::mask_of({borders.row(0), borders.row(1)});
        const auto hidden = model_.run(ctx_, x, sequences, mask, keys);
        const auto logits = model_.logits(ctx_, ops::pool(ctx_, hidden, sequences, pooling::last));
        for (idx i = 0; i < slots.size(); ++i) take(slots[i], logits.slice(i, 1));
    }

    void take(idx s, view<const float> logits) {
        auto& g = sequences_[s];
        const auto& r = g.request;
        detail::allowed_next(r, g.at, allowed_);
        const auto chances = chances_.of(logits, r.how, allowed_, r.prompt, g.output);
        const std::int32_t id = drawn(chances, philox{r.how.seed, 0}.uniform(g.output.size()));
        g.prompt_read = true;
        g.step = steps_;
        g.end = detail::after(r, id, g.output.size() + 1, g.at);
        if (g.end != ending::stop) g.output.push_back(id);
    }

    C& ctx_;
    const Model& model_;
    kv_cache<K> cache_;
    std::vector<detail::generated> sequences_;
    token_chances chances_;
    std::vector<std::int32_t> allowed_;
    std::uint64_t steps_ = 0;
};

/// The new ids of each request, all of them in one ragged batch of at most `slots` at a time.
/// on_token(request, id) as each comes.
template <element K = float, any_context C, language_model<C> Model, class F>
std::vector<std::vector<std::int32_t>> generate(C& ctx, const Model& model,
                                                std::vector<generation_request> requests, idx slots,
                                                F&& on_token) {
    idx tokens = 0;
    for (const auto& r : requests) {  // before any of them runs
        detail::expect_request(model, r, model.size.positions);
        tokens = std::max(tokens, r.context());
    }
    const cache_room room{std::clamp(slots, idx{1}, std::max(requests.size(), idx{1})), tokens};
    generator<C, Model, K> texts(ctx, model, room);
    std::vector<std::vector<std::int32_t>> outputs(requests.size());
    std::vector<idx> request_of(room.slots);
    for (idx next = 0, open = 0; next < requests.size() || open != 0;) {
        for (; next < requests.size() && open < room.slots; ++next, ++open)
            request_of[texts.enter(std::move(requests[next]))] = next;
        texts.step([&](idx s, std::int32_t id) { on_token(request_of[s], id); });
        for (idx s = 0; s < room.slots; ++s)
            if (texts.finished(s)) {
                outputs[request_of[s]] = texts.output(s);
                texts.leave(s);
                --open;
            }
    }
    return outputs;
}
template <element K = float, any_context C, language_model<C> Model>
std::vector<std::vector<std::int32_t>> generate(C& ctx, const Model& model,
                                                std::vector<generation_request> requests,
                                                idx slots = 16) {
    return generate<K>(ctx, model, std::move(requests), slots, [](idx, std::int32_t) {});
}

}}}  // namespace reckon::v0::RECKON_ISA
