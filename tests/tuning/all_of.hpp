// A batch of all examples that an objective has.
#pragma once

#include <reckon/tasks/score_texts.hpp>

#include <numeric>
#include <vector>

namespace tuning {

template <class Model>
typename reckon::score_texts<Model>::batch all_of(const reckon::score_texts<Model>& objective) {
    std::vector<std::int64_t> examples(objective.size());
    std::iota(examples.begin(), examples.end(), std::int64_t{0});
    typename reckon::score_texts<Model>::batch batch;
    objective.fill(batch, examples, 0);
    return batch;
}

}  // namespace tuning
