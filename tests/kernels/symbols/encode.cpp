// Compiled twice, for baseline x86-64 and with -mavx2 -mfma: the same forward over the same tag.
#include <reckon/backend/context.hpp>
#include <reckon/kernels/simd.hpp>
#include <reckon/layers/prepare.hpp>
#include <reckon/models/bert/model.hpp>

float RECKON_ENCODE(const reckon::bert::model<>& model, reckon::id_batch<> batch) {
    reckon::context<reckon::cpu_simd<reckon::avx2>> ctx{{.threads = 2}};
    const auto packed = reckon::prepare(ctx, model);
    const auto scope = ctx.scope();
    return packed(ctx, batch)(0, 0) + model(ctx, batch)(0, 0);
}
