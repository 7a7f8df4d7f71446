// error: mask: expected a trivially copyable type whose at(sequence) answers keys_of(row, count)
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>

#ifdef RECKON_FIXED
constexpr reckon::causal mask;
#else
constexpr bool mask = true;
#endif

void run(reckon::context<reckon::cpu_reference>& ctx, const reckon::bert::model<>& model,
         const reckon::id_batch<>& batch) {
    reckon::no_hook hook;
    const reckon::site at{batch.sequences, mask, hook};
    model.layers(ctx, model.embed(ctx, batch), at, model.layers.all());
}
