// What every tokenizer hands to a model: the ids of all texts packed into one row, and where each
// text begins. Nothing is padded.
#pragma once

#include <reckon/core/config.hpp>

#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct token_batch {
    std::vector<std::int32_t> ids;            // [tokens]
    std::vector<std::int32_t> offsets = {0};  // [sequences + 1], as `ragged` takes them

    idx count() const { return offsets.size() - 1; }
};

}}}  // namespace reckon::v0::RECKON_ISA
