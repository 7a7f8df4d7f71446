// Low-rank terms become part of the weights that they stand beside: w += up down. The model then
// needs no task for them.
#pragma once

#include <reckon/tuning/task.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Model> void merge(Model& model, const task& t) {
    expect_that(t.method == tuning_method::lora, "merge", "task", "one of low-rank terms",
                error_text{name_of(t.method)});
    const auto add = [](view<float> w, const low_rank& term) {
        const auto up = term.up.look(), down = term.down.look();
        expect("merge", "weight.rows", up.rows, w.rows);
        expect("merge", "weight.cols", down.cols, w.cols);
        for (idx r = 0; r < w.rows; ++r)
            for (idx c = 0; c < w.cols; ++c) {
                double sum = 0;
                for (idx k = 0; k < down.rows; ++k) sum += double(up(r, k)) * double(down(k, c));
                w(r, c) = float(double(w(r, c)) + sum);
            }
    };
    auto& blocks = model.layers.blocks;
    expect("merge", "blocks", t.queries.size(), blocks.size());
    for (idx i = 0; i < blocks.size(); ++i) {
        add(blocks[i].attend.query.weight.look(), t.queries[i]);
        add(blocks[i].attend.value.weight.look(), t.values[i]);
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
