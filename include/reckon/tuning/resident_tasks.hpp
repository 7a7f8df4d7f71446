// Tasks that are served together over one backbone. Soft prompts see only each other, so their keys
// and values are made once, when a task moves in, and stay with it; a batch holds texts alone. A
// slot takes another task at any time.
//     resident_tasks tasks{model, 64, 22};
//     tasks.move_in(ctx, 0, clicks);
//     tasks.add(batch, 0, ids);  ..  tasks.end_task(batch, 0);
//     const auto rows = tasks.read_texts(ctx, batch);
#pragma once

#include <reckon/cache/kv_cache.hpp>
#include <reckon/tuning/task_batch.hpp>

#include <algorithm>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// Keys of the batch itself, which are kept as well.
struct kept_keys {
    view<float> keys, values;  // of all layers
    idx layer_rows, row;       // of a layer; and the row of it where these go

    template <any_context C>
    auto source(C& ctx, idx layer, const ragged& sequences, const tensor_of<C>& k,
                const tensor_of<C>& v) const {
        ops::store_rows(ctx, k, sequences, row, keys.slice(layer * layer_rows, layer_rows));
        ops::store_rows(ctx, v, sequences, row, values.slice(layer * layer_rows, layer_rows));
        return ops::key_values_from(ctx, k, v);
    }
    per_sequence first() const { return {}; }
    per_sequence first_row() const { return {}; }
};

/// Keys of the batch behind those that were kept.
struct keys_behind_kept {
    view<const float> keys, values;
    idx layer_rows;
    const task_batch* batch;

    template <any_context C>
    auto source(C& ctx, idx layer, const ragged&, const tensor_of<C>& k,
                const tensor_of<C>& v) const {
        const key_values<float> prefix{keys.slice(layer * layer_rows, layer_rows),
                                       values.slice(layer * layer_rows, layer_rows),
                                       batch->group_first(), batch->group_count()};
        return ops::behind_prefix{ops::key_values_from(ctx, k, v), prefix, batch->groups()};
    }
    per_sequence first() const { return batch->first(); }
    per_sequence first_row() const { return {}; }
    ragged groups() const { return batch->groups(); }
};

}  // namespace detail

/// What a model keeps of a row in each layer.
template <class Model> cache_size cached_by(const Model& model) {
    if constexpr (requires { model.cached(); })
        return model.cached();
    else
        return {model.size.layers, model.size.width, model.size.width, model.size.heads};
}

/// `model` outlives this, and so does each task that has moved in.
template <class Model> class resident_tasks {
  public:
    /// `each`: prompts and special tokens of a task, at most.
    resident_tasks(const Model& model, idx slots, idx each)
        : model_(model),
          each_(each),
          layer_rows_(slots * each),
          keys_(model.size.layers * layer_rows_, cached_by(model).key_width),
          values_(model.size.layers * layer_rows_, cached_by(model).value_width),
          vectors_(layer_rows_, model.size.width),
          tasks_(slots) {}

    idx slots() const { return tasks_.size(); }
    idx bytes() const { return keys_.bytes() + values_.bytes() + vectors_.bytes(); }
    const task& at(idx slot) const {
        expect_that(slot < slots() && tasks_[slot] != nullptr, "resident_tasks", "slot",
                    "one that a task has moved in", slot);
        return *tasks_[slot];
    }

    /// The task takes the slot, whoever had it.
    template <any_context C> void move_in(C& ctx, idx slot, const task& t) {
        expect_that(slot < slots(), "resident_tasks", "slot", "one below the slots", slot);
        expect_that(t.prompts.rows() <= each_, "resident_tasks", "rows of the task's own",
                    "at most those of a slot", t.prompts.rows());
        std::copy_n(t.prompts.data(), t.prompts.size(), vectors_.look().row(row(slot)));
        tasks_[slot] = &t;
        if (t.size.prompts == 0) return;
        task_batch batch;
        batch.add_prompts(t);
        const auto scope = ctx.scope();
        const auto x = embedded(ctx, model_, batch, t.prompts.look());
        model_.run(ctx, x, batch.sequences(), model_.mask_of(regions{0, batch.source()}),
                   detail::kept_keys{keys_.look(), values_.look(), layer_rows_, row(slot)},
                   no_hook{}, batch.tasks());
    }

    /// A text of the task in a slot; texts of one task stand together.
    void add(task_batch& batch, idx slot, std::span<const std::int32_t> ids,
             std::span<const std::int32_t> types = {}, idx source = 0) const {
        batch.add(at(slot), ids, types, source, row(slot));
    }
    void end_task(task_batch& batch, idx slot) const {
        batch.end_group(row(slot), at(slot).size.prompts);
    }

    /// The last row of each text, [texts, width].
    template <any_context C> tensor_of<C> read_texts(C& ctx, const task_batch& batch) const {
        const auto x = embedded(ctx, model_, batch, vectors_.look());
        return model_.run_last(
            ctx, x, batch.sequences(), model_.mask_of(regions{0, batch.source()}),
            detail::keys_behind_kept{keys_.look(), values_.look(), layer_rows_, &batch},
            batch.tasks());
    }

  private:
    idx row(idx slot) const { return slot * each_; }

    const Model& model_;
    idx each_, layer_rows_;
    matrix<float> keys_, values_;  // [layers * slots * each, width]
    matrix<float> vectors_;        // [slots * each, width]
    std::vector<const task*> tasks_;
};

}}}  // namespace reckon::v0::RECKON_ISA
