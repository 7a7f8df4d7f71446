// error: model: its weights and the context live in different memory spaces; copy_to(ctx, model)
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>

/// A stand-in for an accelerator: what is refused is refused without one.
struct far_chip {
    using next = void;
    using space = reckon::device;
    using packing = reckon::unpacked;
    static constexpr const char* name = "far_chip";
    struct state {};
    static reckon::block_source blocks() { return {}; }
};

#ifdef RECKON_FIXED
using tag = reckon::cpu_reference;
#else
using tag = far_chip;
#endif

void run(reckon::context<tag>& ctx, const reckon::bert::model<>& model,
         const reckon::id_batch<tag::space>& batch) {
    model(ctx, batch);
}
