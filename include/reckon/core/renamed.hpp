// Checkpoint names as data. A model's names.hpp is a table of such pairs; io/name_table.hpp applies
// it in both directions of loading and saving.
#pragma once

#include <string_view>

namespace reckon { inline namespace v0 {

/// The parameters whose path begins with `parameter` are called `tensor` + the rest of the path in
/// a checkpoint. A `*` stands for one number and is carried over. The first pair that fits counts.
struct renamed {
    std::string_view parameter, tensor;
};

}}  // namespace reckon::v0
