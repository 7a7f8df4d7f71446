// error: spec: `norm` must be a norm policy such as layer_normed
#include <reckon/models/sasrec/model.hpp>

struct mine : reckon::sasrec::spec {
#ifdef RECKON_FIXED
    using norm_order = reckon::pre_norm;
#else
    using norm = reckon::pre_norm;
#endif
};

reckon::sasrec::model<mine> model;
