// The bytes of workspace that a forward takes, counted by the forward itself on a context that only
// counts; also in a constant expression.
#pragma once

#include <reckon/backend/context.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// What `run(ctx)` takes at most, with ctx a Context = context<dry_run<Tag>> of so many threads.
template <class Context, class Run> constexpr idx workspace_bytes(Run run, idx threads = 1) {
    Context counting{threads};
    run(counting);
    return counting.workspace().high_water();
}

}}}  // namespace reckon::v0::RECKON_ISA
