// A task of a language model that stays as it is: all that tuning trains for it, a small object of
// its own. The backbone's type and weights do not change, so tasks are swapped by pointer, and rows
// of several tasks share a batch: the site of every module says whose its rows are.
//     task clicks{tuning_method::option_adapter, sizes_of_task(model), {.prompts = 20, .rank = 32},
//                 {"no", "yes"}, {101, 102}};
#pragma once

#include <reckon/layers/adapt.hpp>
#include <reckon/tuning/adapter.hpp>
#include <reckon/tuning/method.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// What a task has to know of its backbone.
struct task_sizes {
    idx width = 0, blocks = 0;  // blocks as they are stored: a shared one counts once
    idx query_width = 0, value_width = 0;
    bool operator==(const task_sizes&) const = default;
};

template <class Model> task_sizes sizes_of_task(const Model& model) {
    const auto& blocks = model.layers.blocks;
    task_sizes s{.width = model.size.width, .blocks = blocks.size()};
    if (blocks.size() != 0) {
        s.query_width = blocks[0].attend.query.weight.look().rows;
        s.value_width = blocks[0].attend.value.weight.look().rows;
    }
    return s;
}

struct task_options {
    idx prompts = 20;  // soft prompts, the options among them
    idx rank = 32;     // of adapters and low-rank terms
};

struct task {
    tuning_method method = tuning_method::option_adapter;
    task_sizes sizes;
    task_options size;
    std::vector<std::string> options;       // the classes, in the order of their labels
    std::vector<std::int32_t> special_ids;  // tokens with vectors of the task's own
    matrix<float> prompts;                  // soft prompts, then special tokens: [rows, width]
    heap_array<adapter> adapters;           // of each stored block
    heap_array<low_rank> queries, values;   // likewise
    linear_layer<dense<float>, base_spec> classifier;  // [classes, width], where options are none

    task() = default;
    task(tuning_method how, const task_sizes& of, task_options numbers,
         std::vector<std::string> classes, std::vector<std::int32_t> specials)
        : method(how), sizes(of), size(numbers), options(std::move(classes)) {
        expect_that(options.size() >= 2, "task", "options", "at least 2", options.size());
        if (!has_prompts(how)) size.prompts = 0;
        if (!has_adapters(how) && how != tuning_method::lora) size.rank = 0;
        if (has_options(how)) {
            expect_that(size.prompts >= options.size(), "task", "prompts",
                        "at least as many as options, which are the last of them", size.prompts);
            special_ids = std::move(specials);
        } else {
            classifier = {of.width, options.size()};
        }
        if (const idx rows = size.prompts + special_ids.size(); rows != 0)
            prompts = matrix<float>(rows, of.width);
        if (has_adapters(how)) adapters = heap_array<adapter>(of.blocks, of.width, size.rank);
        if (how == tuning_method::lora) {
            queries = heap_array<low_rank>(of.blocks, of.width, of.query_width, size.rank);
            values = heap_array<low_rank>(of.blocks, of.width, of.value_width, size.rank);
        }
    }

    static constexpr void visit(auto&& f, auto&... self) {
        if (((self.prompts.size() != 0) && ...)) f("prompts", self.prompts...);
        f("adapters", self.adapters...);
        f("queries", self.queries...);
        f("values", self.values...);
        if (((!has_options(self.method)) && ...)) f("classifier", self.classifier...);
    }

    idx classes() const { return options.size(); }
    /// The row of `prompts` that stands for a special token, or all ones where none does.
    static constexpr idx no_row = ~idx{0};
    idx special_row(std::int32_t id) const {
        const auto found = std::find(special_ids.begin(), special_ids.end(), id);
        return found == special_ids.end() ? no_row
                                          : size.prompts + idx(found - special_ids.begin());
    }

    /// [rows, width] -> [rows, classes]: how well each option, or class, goes with the rows that
    /// texts are read at.
    template <any_context C> tensor_of<C> logits(C& ctx, tensor_of<C> hidden) const {
        if (!has_options(method))
            return ops::linear(ctx, hidden, classifier.weight.look(), {classifier.bias.look()});
        return ops::linear(ctx, hidden, prompts.look().slice(size.prompts - classes(), classes()));
    }

    /// What the task adds to a module of a layer (layers/adapt.hpp).
    template <any_context C>
    void adapt(C& ctx, const tensor_of<C>& x, tensor_of<C>& y, const auto& at,
               adapted_place place) const {
        const auto add = [&](const auto& each) {
            if (each.size() != 0) each[each.size() == 1 ? 0 : at.layer].add_to(ctx, x, y, at);
        };
        switch (place) {
            case adapted_place::query:
                return add(queries);
            case adapted_place::value:
                return add(values);
            case adapted_place::ffn:
                return add(adapters);
        }
    }
};

/// Rows [begin, end) of a batch, and whose they are.
struct rows_of_task {
    idx begin = 0, end = 0;
    const task* of = nullptr;
};

/// The tasks of a site: runs of rows in their order, which together are all of the batch.
struct tasks_by_rows {
    std::span<const rows_of_task> runs;
    std::span<const rows_of_task> last;  // the same of each sequence's last row

    constexpr tasks_by_rows of_last_rows() const { return {last, last}; }

    template <any_context C>
    void adapt(C& ctx, const tensor_of<C>& x, tensor_of<C>& y, const auto& at,
               adapted_place place) const {
        if (runs.size() == 1) return runs[0].of->adapt(ctx, x, y, at, place);
        if constexpr (C::recording) {
            for (const rows_of_task& run : runs)
                expect_that(run.of == runs[0].of, "tasks_by_rows", "tasks",
                            "one, where a step is recorded", "several");
            runs[0].of->adapt(ctx, x, y, at, place);
        } else {
            const interval here{at.first_row, at.first_row + x.rows};
            for (const rows_of_task& run : runs) {
                const interval own = overlap(here, {run.begin, run.end});
                if (own.size() == 0) continue;
                auto changed = y.slice(own.begin - here.begin, own.size());
                run.of->adapt(ctx, x.slice(own.begin - here.begin, own.size()), changed, at, place);
            }
        }
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
