// error: spec: `attention` must be an attention policy such as softmax_attention
#include <reckon/models/bert/model.hpp>

struct mine : reckon::bert::spec {
#ifndef RECKON_FIXED
    using attention = reckon::causal;
#endif
};

reckon::bert::model<mine> model;
