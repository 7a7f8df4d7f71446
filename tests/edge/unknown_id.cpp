// A model on the heap runs without exceptions, and an id it does not know reaches the program's
// handler instead of memory.
#include <reckon/convert/quantise.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert/model.hpp>

#include <cstdlib>

using namespace reckon;

namespace {
int forwards = 0;
}

void reckon::on_error(const reckon::error& e) {
    const bool as_expected = e.op() == "embedding" && e.actual() == "5 at 1" && forwards == 2;
    std::exit(as_expected ? EXIT_SUCCESS : EXIT_FAILURE);
}

int main() {
    const bert::model<> model{
        {.vocabulary = 5, .positions = 2, .layers = 1, .heads = 2, .width = 4, .hidden = 8}};
    const auto small = quantise(model);
    context<cpu_reference> ctx;
    static constexpr std::int32_t offsets[]{0, 2}, known[]{1, 4}, unknown[]{1, 5};
    model(ctx, batch_of(known, offsets)), ++forwards;
    small(ctx, batch_of(known, offsets)), ++forwards;
    small(ctx, batch_of(unknown, offsets));
    return EXIT_FAILURE;  // the check let it pass
}
