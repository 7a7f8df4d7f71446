// error: mask: expected a trivially copyable type whose at(sequence) answers keys_of(row, count)
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/attention.hpp>

struct upper_half {
    reckon::idx half;
    constexpr reckon::intervals keys_of(reckon::idx, reckon::idx count) const {
        return {0, {half, count}, {}};
    }
#ifdef RECKON_FIXED
    constexpr reckon::intervals queries_of(reckon::idx key, reckon::idx count) const {
        return {0, {0, key < half ? 0 : count}, {}};
    }
    constexpr upper_half at(reckon::idx) const { return *this; }
#endif
};

void run(reckon::context<reckon::cpu_reference>& ctx, reckon::view<float> x,
         reckon::ragged sequences) {
    reckon::ops::attention(ctx, x, sequences, reckon::key_values<float>{x, x}, upper_half{2}, {});
}
