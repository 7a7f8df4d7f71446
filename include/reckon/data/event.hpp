// One event of a log: who rated what, how high and when. Where two events have one time, the order
// of the log decides, so sort them by a stable sort.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct event {
    std::int32_t user = 0, item = 0;
    float rating = 0;
    double time = 0;  // in the log's own unit

    friend bool operator==(const event&, const event&) = default;
};

}}}  // namespace reckon::v0::RECKON_ISA
