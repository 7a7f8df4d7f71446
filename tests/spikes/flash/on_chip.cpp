// The same as an image for a bare ARM chip: the reset handler recommends once. It is compiled and
// linked, never run; on_chip.sh looks at what it holds.
#include "recommender.hpp"

namespace {
[[noreturn]] void stop() {
    for (;;) asm volatile("wfi");
}
volatile std::int32_t recommended;
}  // namespace

void reckon::on_error(const reckon::error&) { stop(); }

extern "C" {
int __errno_storage;
int* __errno() { return &__errno_storage; }  // of libm; the library's belongs to a thread

[[noreturn]] void reset() {
    flash::chip ctx{std::span{flash::workspace}};
    const auto scores = flash::model.scores(ctx, flash::batch());
    reckon::idx best = 0;
    for (reckon::idx item = 0; item < scores.cols; ++item)
        if (scores(0, item) > scores(0, best)) best = item;
    recommended = std::int32_t(best);
    stop();
}
}
