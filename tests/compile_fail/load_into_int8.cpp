// error: checkpoints hold trained parameters: load or save the model whose weights are dense<T>
#include <reckon/io/load.hpp>
#include <reckon/layers/quantise.hpp>
#include <reckon/models/bert/model.hpp>

#ifdef RECKON_FIXED
using spec = reckon::bert::spec;
#else
using spec = reckon::quantised<reckon::bert::spec>;
#endif

void run(reckon::bert::model<spec>& model, const reckon::safetensors& file) {
    reckon::load_parameters(model, file);
}
