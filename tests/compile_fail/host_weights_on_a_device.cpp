// error: linear: the weight and the context live in different memory spaces; copy_to(ctx, model)
#include <reckon/ops/linear.hpp>

/// A stand-in for an accelerator: what is refused is refused without one.
struct far_chip {
    using next = void;
    using space = reckon::device;
    using packing = reckon::unpacked;
    static constexpr const char* name = "far_chip";
    struct state {};
    static reckon::block_source blocks() { return {}; }
};

void linear_kernel(far_chip, auto&, auto&&...) {}

void run(reckon::context<far_chip>& ctx, reckon::view<float, reckon::device> x) {
#ifdef RECKON_FIXED
    const reckon::view<const float, reckon::device> weight{};
#else
    const reckon::view<const float> weight{};
#endif
    reckon::ops::linear(ctx, x, weight);
}
