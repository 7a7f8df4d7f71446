// Memory spaces. A view names the space its pointer lives in, so that host weights in a device
// context are a sentence at compile time instead of a fault at run time.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 {

struct host {};    // what the CPU reads and writes: heap, static arrays, flash
struct device {};  // an accelerator's memory, reached through its context only

}}  // namespace reckon::v0
