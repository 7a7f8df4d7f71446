// One packed product on simd, for tools that count instructions (they slow a program down fifty
// times, so that reckon_bench never gets past measuring peaks):
//     RECKON_MAX_ISA=avx2 valgrind --tool=callgrind --callgrind-out-file=/dev/null
//         '--toggle-collect=*compiled<*>::run<*panel*' one_product f32|int8 ROWS IN OUT
// The kernels' count, "Collected", over ROWS IN OUT is instructions for each multiply-add.
#include "support/backends.hpp"

#include <reckon/ops/linear.hpp>

#include <cstdio>
#include <cstdlib>

using namespace reckon;

namespace {

template <class Packing, class Weight> void multiply(const Weight& w, view<float> x) {
    context<cpu> ctx{bench::options()};
    typename Packing::matrix packed(w.rows(), w.cols());
    Packing::pack(ctx, w.look(), packed);
    const auto scope = ctx.scope();
    ops::linear(ctx, x, packed.look());
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc == 5 ? argv[1] : "";
    if (kind != "f32" && kind != "int8") {
        std::fprintf(stderr, "usage: one_product f32|int8 ROWS IN OUT\n");
        return 2;
    }
    const idx rows = std::strtoul(argv[2], nullptr, 10), in = std::strtoul(argv[3], nullptr, 10),
              out = std::strtoul(argv[4], nullptr, 10);
    matrix<float> x(rows, in);
    for (idx i = 0; i < x.size(); ++i) x.data()[i] = float(i % 7);
    using packing = cpu::packing;
    if (kind == "f32")
        multiply<packing>(matrix<float>(out, in), x.look());
    else
        multiply<packing::int8>(int8_matrix<>(out, in), x.look());
}
