// error: op: no backend of this context has a kernel for it and these arguments (or two are
// ambiguous)
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/linear.hpp>

template <class Next> struct my_chip : Next {
    using next = Next;
    static constexpr const char* name = "my_chip";
    struct state : Next::state {};
};

#ifdef RECKON_FIXED
using tag = my_chip<reckon::cpu_reference>;
#else
using tag = my_chip<reckon::nothing>;
#endif

void run(reckon::context<tag>& ctx, reckon::view<float> x, reckon::view<const float> weight) {
    reckon::ops::linear(ctx, x, weight);
}
