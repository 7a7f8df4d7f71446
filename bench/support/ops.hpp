// Single ops at the sizes of a model, each on one backend with weights of one kind.
#pragma once

#include "backends.hpp"

#include <reckon/models/bert/config.hpp>

#include <functional>
#include <string>
#include <vector>

namespace bench {

struct op_run {
    std::string name, backend, weights;  // "matmul 768x3072", in times out
    double flops;
    std::function<void()> run;
};

/// What `op` takes from the model's sizes, over texts of these lengths. `matmul` is its three
/// linear layers; only they have weights.
std::vector<op_run> op_runs(const std::string& op, const reckon::bert::config& size,
                            const std::vector<reckon::idx>& lengths, reckon::isa set,
                            const std::vector<std::string>& backends,
                            const std::vector<std::string>& weights, reckon::idx threads);

}  // namespace bench
