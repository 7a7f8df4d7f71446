// error: spec: `block` must be a block policy such as transformer_block
#include <reckon/models/sasrec/model.hpp>

struct mine : reckon::sasrec::spec {
#ifndef RECKON_FIXED
    using block = reckon::gelu_ffn;
#endif
};

reckon::sasrec::model<mine> model;
