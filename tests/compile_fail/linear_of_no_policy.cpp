// error: spec: `linear` must be a linear policy such as dense<float>, int8_rows<..>, pruned<..>
#include <reckon/models/sasrec/model.hpp>

struct mine : reckon::sasrec::spec {
#ifdef RECKON_FIXED
    using linear = reckon::int8_rows<reckon::pruned<reckon::dense<float>>>;
#else
    using linear = reckon::int8_rows<reckon::gelu_ffn>;
#endif
};

reckon::sasrec::model<mine> model;
