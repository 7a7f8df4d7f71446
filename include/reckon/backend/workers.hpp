// How a context runs independent tasks. The interface is two function pointers, so that a build
// without threads refers to none; backend/posix_thread_pool.hpp is the implementation on POSIX
// threads.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon::inline v0 {

struct workers {
    using task = void (*)(const void* work, idx number, idx worker);

    idx count = 1;  // the caller among them
    void (*run)(workers& self, idx tasks, const void* work, task f) = nullptr;
    void (*stop)(workers& self) = nullptr;
};

}  // namespace reckon::inline v0
