// Texts of tasks as one ragged batch. A text is cut into pieces, each a special token that its task
// has a vector of its own for and the plain ids behind it. Where a task's soft prompts stand in the
// batch they are its own sequence, once, however many texts follow; every text attends to them.
//     batch.add_prompts(task);  batch.add(task, ids, types);  ..
//     const auto x = embedded(ctx, model, batch, vectors);
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/ops/concat.hpp>
#include <reckon/tuning/task.hpp>

#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class task_batch {
  public:
    /// Of the memory nothing is given back.
    void clear() {
        for (auto* numbers :
             {&ids_, &front_, &first_, &source_, &types_, &group_first_, &group_count_})
            numbers->clear();
        for (auto* ends : {&pieces_, &joined_pieces_, &offsets_, &groups_}) ends->assign(1, 0);
        runs_.clear();
        last_.clear();
        joined_ = 0;
        prompts_begin_ = texts_ = 0;
        has_types_ = false;
    }

    /// The soft prompts of a task as a sequence of the batch; texts that follow attend to it.
    /// `row`: of the table of vectors, the one where the task's begin.
    void add_prompts(const task& t, idx row = 0) {
        prompts_begin_ = rows();
        add_piece(row, t.size.prompts);
        end_sequence(t, 0, t.size.prompts, {});
        end_group(0, 0);
    }
    /// A text that is read at its last row. Types are none, or one for each id. Its source region
    /// (of two) are its first `source` ids.
    void add(const task& t, std::span<const std::int32_t> ids,
             std::span<const std::int32_t> types = {}, idx source = 0, idx row = 0) {
        if (!types.empty()) expect("task_batch", "types", ids.size(), types.size());
        bool open = false;
        for (const std::int32_t id : ids) {
            if (const idx special = t.special_row(id); special != task::no_row) {
                if (open) end_piece();
                front_.push_back(std::int32_t(row + special));
                ++joined_;
                open = true;
                continue;
            }
            if (!open) front_.push_back(0);
            open = true;
            ids_.push_back(id);
            ++joined_;
        }
        if (open) end_piece();
        end_sequence(t, t.size.prompts, source, types);
        ++texts_;
    }
    /// Ends the texts that attend to the same keys: rows [first, first + count) of where keys in
    /// front stand.
    void end_group(idx first, idx count) {
        if (rows() == idx(groups_.back())) return;
        groups_.push_back(std::int32_t(rows()));
        group_first_.push_back(std::int32_t(first));
        group_count_.push_back(std::int32_t(count));
    }
    /// Ends the texts that attend to the sequence of prompts before them.
    void end_task(const task& t) { end_group(prompts_begin_, t.size.prompts); }

    idx rows() const { return idx(joined_); }
    idx sequences_of_prompts() const { return offsets_.size() - 1 - texts_; }
    idx texts() const { return texts_; }
    view<const std::int32_t> ids() const { return row_of(ids_); }
    view<const std::int32_t> types() const { return has_types_ ? row_of(types_) : row_of({}); }
    ragged pieces() const { return ragged{pieces_}; }
    ragged joined() const { return ragged{joined_pieces_}; }
    per_sequence front() const { return front_.data(); }
    ragged sequences() const { return ragged{offsets_}; }
    per_sequence first() const { return first_.data(); }
    per_sequence source() const { return source_.data(); }
    ragged groups() const { return ragged{groups_}; }
    const std::int32_t* group_first() const { return group_first_.data(); }
    const std::int32_t* group_count() const { return group_count_.data(); }
    tasks_by_rows tasks() const { return {runs_, last_}; }
    /// Whether rows of a task's own table stand among those of the ids.
    bool has_vectors() const { return rows() != ids_.size(); }

  private:
    static view<const std::int32_t> row_of(const std::vector<std::int32_t>& numbers) {
        return {numbers.data(), 1, numbers.size()};
    }
    void add_piece(idx row, idx count) {
        front_.push_back(std::int32_t(row));
        joined_ += std::int32_t(count);
        end_piece();
    }
    void end_piece() {
        pieces_.push_back(std::int32_t(ids_.size()));
        joined_pieces_.push_back(joined_);
    }
    void end_sequence(const task& t, idx first, idx source, std::span<const std::int32_t> types) {
        const idx begin = idx(offsets_.back());
        offsets_.push_back(joined_);
        first_.push_back(std::int32_t(first));
        source_.push_back(std::int32_t(source));
        has_types_ = has_types_ || !types.empty();
        types_.insert(types_.end(), types.begin(), types.end());
        types_.resize(rows());
        if (!runs_.empty() && runs_.back().of == &t)
            runs_.back().end = rows();
        else
            runs_.push_back({begin, rows(), &t});
        const idx sequences = offsets_.size() - 1;
        if (!last_.empty() && last_.back().of == &t)
            last_.back().end = sequences;
        else
            last_.push_back({sequences - 1, sequences, &t});
    }

    std::vector<std::int32_t> ids_, pieces_{0}, joined_pieces_{0}, front_, offsets_{0}, first_,
        source_, types_, groups_{0}, group_first_, group_count_;
    std::vector<rows_of_task> runs_, last_;  // by rows, and by sequences
    std::int32_t joined_ = 0;
    idx prompts_begin_ = 0, texts_ = 0;
    bool has_types_ = false;
};

/// The keys of a site whose texts attend to sequences of prompts in the same batch.
struct keys_behind_prompts {
    const task_batch* batch;

    template <any_context C>
    auto source(C& ctx, idx, const ragged&, const tensor_of<C>& k, const tensor_of<C>& v) const {
        const auto own = ops::key_values_from(ctx, k, v);
        auto prefix = own;
        prefix.first = batch->group_first();
        prefix.count = batch->group_count();
        return ops::behind_prefix{own, prefix, batch->groups()};
    }
    per_sequence first() const { return batch->first(); }
    per_sequence first_row() const { return {}; }
    ragged groups() const { return batch->groups(); }
};

/// What the blocks read, [rows, width]. `vectors`: the rows of tasks' own, soft prompts and special
/// tokens.
template <any_context C, class Model>
tensor_of<C> embedded(C& ctx, const Model& model, const task_batch& batch,
                      ops::input_of<C> vectors) {
    auto x = model.embed_ids(ctx, batch.ids());
    if (batch.has_vectors())
        x = ops::concat(ctx, vectors, batch.front(), x, batch.pieces(), batch.joined());
    if constexpr (requires { model.types; })
        return model.embed_places(ctx, x, batch.sequences(), batch.first(), batch.types());
    else
        return model.embed_places(ctx, x, batch.sequences(), batch.first());
}

/// The last row of each text, [texts, width], after all blocks; prompts stand in the batch.
template <any_context C, class Model>
tensor_of<C> read_texts(C& ctx, const Model& model, const task_batch& batch,
                        ops::input_of<C> vectors) {
    const auto x = embedded(ctx, model, batch, vectors);
    const auto mask = model.mask_of(regions{0, batch.source()});
    const idx prompts = batch.sequences_of_prompts();
    const auto last = [&](const auto& keys) {
        return model.run_last(ctx, x, batch.sequences(), mask, keys, batch.tasks());
    };
    return (prompts != 0 ? last(keys_behind_prompts{&batch}) : last(own_keys{}))
        .slice(prompts, batch.texts());
}

}}}  // namespace reckon::v0::RECKON_ISA
