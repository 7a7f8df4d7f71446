// error: model: the first argument is a context, such as context<cpu_reference> ctx
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>

void run(const reckon::bert::model<>& model, const reckon::id_batch<>& batch) {
#ifdef RECKON_FIXED
    reckon::context<reckon::cpu_reference> ctx;
#else
    reckon::cpu_reference ctx;
#endif
    model(ctx, batch);
}
