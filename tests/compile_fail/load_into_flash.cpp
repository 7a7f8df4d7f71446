// error: checkpoints hold trained parameters: load or save the model whose weights are dense<T>
#include <reckon/io/load.hpp>
#include <reckon/layers/placed.hpp>
#include <reckon/models/sasrec/model.hpp>

#ifdef RECKON_FIXED
using spec = reckon::sasrec::spec;
#else
using spec = reckon::placed_in<reckon::rom, reckon::sasrec::spec>;
#endif

void run(reckon::sasrec::model<spec>& model, const reckon::safetensors& file) {
    reckon::load_parameters(model, file);
}
