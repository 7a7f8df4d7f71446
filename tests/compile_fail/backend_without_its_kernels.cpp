// error: context: this backend is only declared here; include its kernels, such as
#include <reckon/backend/context.hpp>
#ifdef RECKON_FIXED
#include <reckon/kernels/reference.hpp>
#endif

void run() {
    reckon::context<reckon::cpu_reference> ctx;
    ctx.make(2, 2);
}
