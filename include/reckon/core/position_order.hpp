// Where a sequence's positions stand in a table of positions.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 {

enum class position_order : std::uint8_t {
    from_first,  // rows 0, 1, 2 .. (or from a given first row on)
    to_last,     // the newest row has the table's last position (SASRec pads in front)
};

}}  // namespace reckon::v0
