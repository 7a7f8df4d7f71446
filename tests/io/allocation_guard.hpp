// What a call takes from the heap: test_io replaces operator new to know.
#pragma once

#include <cstddef>

struct allocations {
    std::size_t largest = 0;    // bytes asked for at once
    std::ptrdiff_t living = 0;  // taken and not yet given back
};

/// Of this thread, since the last call.
allocations take_allocations();
