// An object that only infers, though it could record: no_tape.cmake looks at its symbols.
#include <reckon/backend/tape.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/sasrec/model.hpp>

using namespace reckon;

float encode(context<cpu_reference>& ctx, const bert::model<>& model, const id_batch<>& batch) {
    const auto scope = ctx.scope();
    return model(ctx, batch)(0, 0) + quantise(model)(ctx, batch)(0, 0);
}

float recommend(context<cpu_reference>& ctx, const sasrec::model<>& model,
                const id_batch<>& batch) {
    const auto scope = ctx.scope();
    return model.scores(ctx, batch)(0, 0);
}
