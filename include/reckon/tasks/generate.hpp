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

#include <reckon/core/matrix.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/tasks/language_model.hpp>
#include <reckon/tasks/sample.hpp>
#include <reckon/tasks/token_trie.hpp>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace reckon::inline v0 {

inline namespace RECKON_ISA {

struct generation_request {
    std::vector<std::int32_t> prompt{};  // ids, or:
    matrix<float> rows{};                // embedded rows in their place, [n, width]
    idx front = 0, source = 0;           // of a model with regions: rows in front, source region
    idx max_tokens = 64;                 // new ones
    sampling how{};
    std::vector<std::int32_t> stop{};     // each ends the text and is no part of it
    const token_trie* allowed = nullptr;  // the sequences that may come; must outlive the request.
                                          // Without stop ids the first complete one ends the text;
                                          // a stop id that may go on in one of them does

    idx prompt_rows() const { return prompt.empty() ? rows.rows() : prompt.size(); }
    /// Rows that prompt and new tokens may take together.
    idx context() const {
        const idx most = ~idx{0} - prompt_rows();
        return prompt_rows() + std::min(max_tokens, most);
    }
};

enum class ending : std::uint8_t {
    none,        // still running
    stop,        // a stop token came
    max_tokens,  // as many as were asked for
    allowed,     // an allowed sequence is complete
};

}  // namespace RECKON_ISA

namespace detail::inline RECKON_ISA {

/// A sequence of a batch: its request, what came so far, where it stands in the trie.
struct generated {
    generation_request request;
    std::vector<std::int32_t> output;
    token_trie::node at = token_trie::root;
    ending end = ending::none;
    bool held = false, prompt_read = false;
    std::uint64_t step = 0;  // the last one that gave it a token
};

/// Everything of a request that can be wrong is refused when it enters.
template <class Model>
void expect_request(const Model& model, const generation_request& r, idx room) {
    constexpr const char* op = "generate";
    const auto limit = [](const char* words, idx number) {
        error_text text{words};
        text.append(number);
        return text;
    };
    const idx vocabulary = model.size.vocabulary, prompt = r.prompt_rows();
    const error_text known = limit("ids from 0, below ", vocabulary);
    expect_that(prompt != 0, op, "prompt", "at least one id", idx{0});
    expect_that(r.prompt.empty() || r.rows.rows() == 0, op, "prompt", "ids or rows", "both");
    if (r.prompt.empty()) expect(op, "rows.cols", model.size.width, r.rows.cols());
    for (const auto* ids : {&r.prompt, &r.stop})
        for (std::int32_t id : *ids)
            if (id < 0 || idx(id) >= vocabulary)
                fail(op, ids == &r.stop ? "stop" : "prompt", known, id);
    expect_that(r.max_tokens != 0, op, "max_tokens", "at least 1", idx{0});
    const idx most = std::min(room, idx(model.size.positions));
    if (r.context() > most)
        fail(op, "prompt + max_tokens (the context)", limit("at most ", most), r.context());
    if (r.front > prompt) fail(op, "front", limit("at most ", prompt), r.front);
    if (r.source > prompt - r.front)
        fail(op, "source", limit("at most ", prompt - r.front), r.source);
    expect_sampling(r.how);
    if (r.allowed == nullptr) return;
    if (idx(r.allowed->largest_id()) >= vocabulary)
        fail(op, "allowed", known, r.allowed->largest_id());
    if (r.allowed->depth() > r.max_tokens)
        fail(op, "max_tokens", limit("at least ", r.allowed->depth()), r.max_tokens);
}

/// The ids that may come next; stop ids join them where an allowed sequence may end. Empty: all.
inline void allowed_next(const generation_request& r, token_trie::node at,
                         std::vector<std::int32_t>& ids) {
    ids.clear();
    if (r.allowed == nullptr) return;
    for (const auto& child : r.allowed->children(at)) ids.push_back(child.id);
    if (!r.allowed->ends(at)) return;
    for (std::int32_t id : r.stop)
        if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

/// Embedded rows in the workspace: models work in place.
template <any_context C> tensor_of<C> copied(C& ctx, const matrix<float>& rows) {
    const auto x = ctx.make(rows.rows(), rows.cols());
    std::copy_n(rows.data(), rows.size(), x.data);
    return x;
}

/// Whether the sequence is over with this token, and the node behind it.
inline ending after(const generation_request& r, std::int32_t id, idx tokens,
                    token_trie::node& at) {
    if (r.allowed != nullptr) {
        const auto next = r.allowed->next(at, id);
        if (next < 0) return ending::stop;
        at = next;
        const bool leaf = r.allowed->children(at).empty();
        if (leaf || (r.allowed->ends(at) && r.stop.empty())) return ending::allowed;
    } else if (std::find(r.stop.begin(), r.stop.end(), id) != r.stop.end()) {
        return ending::stop;
    }
    return tokens == r.max_tokens ? ending::max_tokens : ending::none;
}

}  // namespace detail::inline RECKON_ISA

inline namespace RECKON_ISA {

/// K: what keys and values are kept in, float or bf16.
template <any_context C, language_model<C> Model, element K = float> class generator {
    static_assert(std::same_as<typename C::space, host>, "generator: a host context for now");

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
        const auto keys = cache_.extend(ctx_, taken, batch.rows);
        advance(taken, model_.embed(ctx_, batch, keys.first()), batch.rows, keys);
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

    void advance(std::span<const idx> slots, tensor_of<C> x, const ragged& rows,
                 const cached_keys<K>& keys) {
        const auto borders = ctx_.template make<std::int32_t>(2, slots.size());
        for (idx i = 0; i < slots.size(); ++i) {
            borders(0, i) = static_cast<std::int32_t>(sequences_[slots[i]].request.front);
            borders(1, i) = static_cast<std::int32_t>(sequences_[slots[i]].request.source);
        }
        const auto mask = Model::mask_of({borders.row(0), borders.row(1)});
        const auto hidden = model_.run(ctx_, x, rows, mask, keys);
        const auto logits = model_.logits(ctx_, ops::pool(ctx_, hidden, rows, pooling::last));
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

}  // namespace RECKON_ISA

}  // namespace reckon::inline v0
