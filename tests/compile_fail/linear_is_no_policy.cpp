// error: spec: `linear` must be a linear policy such as dense<float>, int8_rows<..>, pruned<..>
#include <reckon/models/bert/model.hpp>

struct mine : reckon::bert::spec {
#ifdef RECKON_FIXED
    using linear = reckon::dense<reckon::bf16>;
#else
    using linear = float;
#endif
};

reckon::bert::model<mine> model;
