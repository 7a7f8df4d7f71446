// What is asked of generation: a prompt of ids or of embedded rows, how much more, how it is drawn,
// and what may come; shared by the generator and by beam search.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/tasks/language_model.hpp>
#include <reckon/tasks/sample.hpp>
#include <reckon/tasks/token_trie.hpp>

#include <algorithm>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct generation_request {
    std::vector<std::int32_t> prompt{};  // ids, or:
    matrix<float> rows{};                // embedded rows in their place, [n, width]
    idx soft_prompts = 0, source = 0;    // of a model with regions: rows in front, source region
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

namespace detail {
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
    if (r.soft_prompts > prompt)
        fail(op, "soft_prompts", limit("at most ", prompt), r.soft_prompts);
    if (r.source > prompt - r.soft_prompts)
        fail(op, "source", limit("at most ", prompt - r.soft_prompts), r.source);
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
}  // namespace detail

}}}  // namespace reckon::v0::RECKON_ISA
