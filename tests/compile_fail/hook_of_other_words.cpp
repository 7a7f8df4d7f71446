// error: stack: a hook has flow layer_output(ctx, layer, x), or attention_inputs
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>

struct early_exit {
#ifdef RECKON_FIXED
    reckon::flow layer_output(auto&, reckon::idx layer, auto){
#else
    reckon::flow layer_output(reckon::idx layer) {
#endif
        return layer == 1 ? reckon::flow::stop : reckon::flow::go_on;
}
}
;

void run(reckon::context<reckon::cpu_reference>& ctx, const reckon::bert::model<>& model,
         const reckon::id_batch<>& batch) {
    model(ctx, batch, early_exit{});
}
