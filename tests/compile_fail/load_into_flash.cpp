// error: checkpoints hold parameters as dense<T> or int8_rows<> in host memory: load or save such
#include <reckon/convert/place.hpp>
#include <reckon/io/load.hpp>
#include <reckon/models/sasrec/model.hpp>

#ifdef RECKON_FIXED
using spec = reckon::sasrec::spec;
#else
using spec = reckon::placed_in<reckon::rom, reckon::sasrec::spec>;
#endif

void run(reckon::sasrec::model<spec>& model, const reckon::safetensors& file) {
    reckon::load_parameters(model, file);
}
