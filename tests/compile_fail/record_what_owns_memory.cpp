// error: record: a tape entry holds views and numbers only; whatever owns memory belongs into the
#include <reckon/backend/tape.hpp>
#include <reckon/core/heap_array.hpp>
#include <reckon/kernels/reference.hpp>

using context = reckon::recording_context<reckon::cpu_reference>;

void run(context& ctx, const reckon::heap_array<float>& numbers) {
#ifdef RECKON_FIXED
    const reckon::view<const float> kept{numbers.data(), 1, numbers.size()};
#else
    const reckon::heap_array<float> kept = numbers;
#endif
    ctx.record([=](context&) { (void)kept; });
}
