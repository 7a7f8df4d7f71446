// error: spec: `bias` must be with_bias or without_bias
#include <reckon/models/llama/model.hpp>

struct mine : reckon::llama::spec {
#ifdef RECKON_FIXED
    using bias = reckon::with_bias;
#else
    using bias = bool;
#endif
};

reckon::llama::model<mine> model;
