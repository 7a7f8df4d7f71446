// error: spec: `ffn` must be a feed-forward policy such as gelu_ffn, silu_ffn
#include <reckon/models/bert/model.hpp>

struct mine : reckon::bert::spec {
#ifdef RECKON_FIXED
    using ffn = reckon::silu_ffn;
#else
    using ffn = reckon::dense<float>;
#endif
};

reckon::bert::model<mine> model;
