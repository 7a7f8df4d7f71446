// Models and batches travel: to the GPU and back they are what they were. The forward of a whole
// model there waits for its kernels; until then this program proves the walk and the seam.
#include <reckon/cuda.cuh>

#include <reckon/core/random.hpp>
#include <reckon/layers/copy_to.hpp>
#include <reckon/models/sasrec/model.hpp>

#include <cstdio>
#include <cstring>

using namespace reckon;

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
        std::printf("skipped: cuda model: no GPU here\n");
        return 0;
    }
    sasrec::model<> model{{.items = 40, .positions = 8, .layers = 2, .width = 16, .hidden = 32}};
    std::uint64_t stream = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            const philox random{7, stream++};
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = random.uniform(i, -1, 1);
        },
        model);

    context<gpu_cuda<>> gpu;
    const auto there = copy_to(gpu, model);
    const auto back = copy_back(gpu, there);
    idx different = 0;
    walk_all(
        [&](const path&, const matrix<float>& a, const matrix<float>& b) {
            different += std::memcmp(a.data(), b.data(), a.bytes()) != 0 ? 1 : 0;
        },
        model, back);

    const std::int32_t ids[] = {3, 1, 4, 1, 5}, offsets[] = {0, 2, 5};
    const auto scope = gpu.scope();
    const auto batch = copy_to(gpu, batch_of(ids, offsets));
    std::int32_t ids_back[5], offsets_back[3];
    ops::copy(gpu, batch.ids, row_view(ids_back, 5));
    ops::copy(gpu, view<const std::int32_t, device>(batch.rows.device_offsets(), 1, 3),
              row_view(offsets_back, 3));
    different += std::memcmp(ids, ids_back, sizeof ids) != 0 ? 1 : 0;
    different += std::memcmp(offsets, offsets_back, sizeof offsets) != 0 ? 1 : 0;
    std::printf("%zu of model and batch changed on the way to the GPU and back\n", different);
    return different == 0 ? 0 : 1;
}
