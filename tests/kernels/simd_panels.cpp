// The products of one panel on avx512 and each of its extensions that this CPU has, AMX's tiles
// among them: exact sums of int8, rows of bf16 that do not depend on the rows beside them, and
// nothing read beyond the panel.
#include "conformance.hpp"

#if defined(RECKON_SIMD_COMPILED) || (defined(RECKON_WITH_XSIMD) && defined(RECKON_AMX))

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

using namespace conformance;

namespace {

/// Memory that ends where none is.
template <class T> class guarded {
  public:
    explicit guarded(idx count) {
        const idx page = idx(sysconf(_SC_PAGESIZE));
        bytes_ = simd::round_up(count * sizeof(T), page) + page;
        void* const all =
            mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(all != MAP_FAILED);
        all_ = static_cast<char*>(all);
        REQUIRE(mprotect(all_ + bytes_ - page, page, PROT_NONE) == 0);
        data_ = reinterpret_cast<T*>(all_ + bytes_ - page - count * sizeof(T));
    }
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;
    ~guarded() { munmap(all_, bytes_); }

    T* data() { return data_; }

  private:
    idx bytes_ = 0;
    char* all_ = nullptr;
    T* data_ = nullptr;
};

template <class Arch> bool runs() {
    if constexpr (simd::usable<Arch>) {
        if (Arch::here()) return true;
        test_support::skip(Arch::name, std::string{"this CPU lacks "} + Arch::name);
    } else {
        test_support::skip(Arch::name, "this build does not have it");
    }
    return false;
}

enum class filling { random, largest };

/// y = the sums of a panel of int8: x and w are whole numbers, and so are the results in float,
/// rounded once.
template <class Arch> void sums_are_exact(idx rows, idx in, idx out, filling how) {
    CAPTURE(rows, in, out, int(how));
    constexpr bool plus_128 = std::derived_from<Arch, avx512_vnni>;
    const idx wide = simd::round_up(out, 16), deep = simd::round_up(in, 4);
    const idx q_row = simd::round_up(in, 64);
    const philox random{rows * 1000 + in};
    const auto number = [&](idx i, idx row) {
        if (how == filling::largest) return row % 3 == 1 ? -127 : 127;
        return int(random.below(i, 255)) - 127;
    };
    std::vector<std::int8_t> q(rows * q_row, plus_128 ? std::int8_t(-128) : std::int8_t(0));
    std::vector<int> x(rows * in), w(out * in);
    for (idx r = 0; r < rows; ++r)
        for (idx k = 0; k < in; ++k) {
            x[r * in + k] = number(r * in + k, r);
            q[r * q_row + k] = std::int8_t(x[r * in + k] ^ (plus_128 ? -128 : 0));
        }
    guarded<std::int8_t> panel(deep * wide);
    std::vector<std::int32_t> offsets(wide);
    for (idx o = 0; o < out; ++o)
        for (idx k = 0; k < in; ++k) {
            const int one = w[o * in + k] = number(rows * in + o * in + k, o);
            panel.data()[(k / 4 * wide + o) * 4 + k % 4] = std::int8_t(one);
            offsets[o] += 128 * one;
        }
    const std::vector<int8_scale> of_rows(rows, int8_scale{.scale = 1});
    const std::vector<float> scales(wide, 1);
    std::vector<float> y(rows * out);
    simd::call(Arch{}, simd::linear_int8_panel{{q.data(), q_row, of_rows.data(), rows, in},
                                               panel.data(),
                                               panel.data(),
                                               scales.data(),
                                               offsets.data(),
                                               {},
                                               activation::none,
                                               {y.data(), rows, out}});
    idx wrong = 0;
    for (idx r = 0; r < rows; ++r)
        for (idx o = 0; o < out; ++o) {
            std::int32_t sum = 0;
            for (idx k = 0; k < in; ++k) sum += x[r * in + k] * w[o * in + k];
            wrong += y[r * out + o] != float(sum);
        }
    CHECK(wrong == 0);
}

/// One panel of bf16 weights and rows of x as the products get them.
struct bf16_product {
    idx rows, in, out, wide, deep;
    std::vector<bf16> x;
    guarded<bf16> panel;
    std::vector<double> exact;

    bf16_product(idx r, idx k, idx o)
        : rows(r),
          in(k),
          out(o),
          wide(simd::round_up(o, 16)),
          deep(simd::round_up(k, 2)),
          x(r * deep),
          panel(wide * deep),
          exact(r * o) {
        const philox random{r * 1000 + k};
        std::vector<bf16> w(o * k);
        for (idx i = 0; i < w.size(); ++i) w[i] = bf16(random.uniform(i, -1, 1));
        for (idx row = 0; row < r; ++row)
            for (idx i = 0; i < k; ++i)
                x[row * deep + i] = bf16(random.uniform(w.size() + row * k + i, -1, 1));
        for (idx c = 0; c < o; ++c)
            for (idx i = 0; i < k; ++i) panel.data()[(i / 2 * wide + c) * 2 + i % 2] = w[c * k + i];
        for (idx row = 0; row < r; ++row)
            for (idx c = 0; c < o; ++c)
                for (idx i = 0; i < k; ++i)
                    exact[row * o + c] += double(float(x[row * deep + i])) * float(w[c * k + i]);
    }

    template <class Arch> std::vector<float> product(idx first, idx count) {
        std::vector<float> y(count * out);
        const view<const bf16> all{x.data(), rows, deep};
        simd::call(Arch{}, simd::linear_bf16_panel{all.slice(first, count),
                                                   panel.data(),
                                                   panel.data(),
                                                   {},
                                                   activation::none,
                                                   {y.data(), count, out}});
        return y;
    }
};

template <class Arch> void rows_stand_alone(idx rows, idx in, idx out) {
    CAPTURE(rows, in, out);
    bf16_product p(rows, in, out);
    const auto all = p.template product<Arch>(0, rows);
    double most = 0;
    for (idx i = 0; i < all.size(); ++i) most = std::max(most, std::abs(all[i] - p.exact[i]));
    CHECK(most <= 1e-6 * double(in) + 1e-6);
    idx differ = 0;
    for (idx r = 0; r < rows; ++r)
        for (idx count : sizes{1, 5, 16, 17})
            if (r + count <= rows) {
                const auto some = p.template product<Arch>(r, count);
                differ += std::memcmp(some.data(), all.data() + r * out,
                                      some.size() * sizeof(float)) != 0;
            }
    CHECK(differ == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("a panel of int8 sums exactly", "", avx512, avx512_vnni, avx512_amx) {
    if (!runs<TestType>()) return;
    if constexpr (simd::usable<TestType>) {
        for (idx rows = 1; rows <= 70; ++rows)
            sums_are_exact<TestType>(rows, 24, 48, filling::random);
        for (idx in = 0; in <= 130; ++in)
            for (idx rows : sizes{3, 7, 18})
                sums_are_exact<TestType>(rows, in, 33, filling::random);
        for (idx out = 1; out <= 48; ++out) sums_are_exact<TestType>(17, 70, out, filling::random);
        for (idx in : sizes{1, 64, 768, 3072, 3075})
            for (idx rows : sizes{1, 4, 5, 16, 33, 144})
                sums_are_exact<TestType>(rows, in, 48, filling::largest);
        sums_are_exact<TestType>(144, 1601, 48, filling::random);
    }
}

TEMPLATE_TEST_CASE("a row over a panel of bf16 does not depend on the rows beside it", "", avx512,
                   avx512_bf16, avx512_amx) {
    if (!runs<TestType>()) return;
    if constexpr (simd::usable<TestType>) {
        for (idx in = 0; in <= 130; ++in) rows_stand_alone<TestType>(19, in, 33);
        for (idx out = 1; out <= 48; ++out) rows_stand_alone<TestType>(18, 70, out);
        for (idx rows : sizes{1, 4, 16, 70, 144}) rows_stand_alone<TestType>(rows, 1601, 48);
    }
}

#ifdef __x86_64__
TEST_CASE("a thread holds no tiles after a product") {
    if (!runs<avx512_amx>()) return;
    if constexpr (simd::usable<avx512_amx>) {
        bf16_product p(3, 8, 16);
        p.product<avx512_amx>(0, 3);
        unsigned low = 0, high = 0;  // the components of state that are in use
        asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
        CHECK((low >> 17 & 3) == 0);
    }
}
#endif

#endif
