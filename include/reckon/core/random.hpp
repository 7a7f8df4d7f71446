// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). The n-th number of a stream is a function of (seed, stream, n): no state, the
// same on every thread, backend and machine.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 {

struct philox {
    std::uint64_t seed = 0, stream = 0;

    struct block {
        std::uint32_t word[4];
    };

    /// Four 32-bit words of block n.
    RECKON_BOTH constexpr block operator()(std::uint64_t n) const {
        block c{{std::uint32_t(n), std::uint32_t(n >> 32), std::uint32_t(stream),
                 std::uint32_t(stream >> 32)}};
        auto k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
        for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
            const std::uint64_t a = std::uint64_t{0xD2511F53u} * c.word[0];
            const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c.word[2];
            c = {{std::uint32_t(b >> 32) ^ c.word[1] ^ k0, std::uint32_t(b),
                  std::uint32_t(a >> 32) ^ c.word[3] ^ k1, std::uint32_t(a)}};
        }
        return c;
    }

    /// The n-th 32-bit word of the stream.
    RECKON_BOTH constexpr std::uint32_t word(std::uint64_t n) const {
        return (*this)(n / 4).word[n % 4];
    }
    /// Uniform in [0, 1): 24 bits, exact in a float.
    RECKON_BOTH constexpr float uniform(std::uint64_t n) const {
        return float(word(n) >> 8) * 0x1p-24f;
    }
    /// Uniform in [low, high).
    RECKON_BOTH constexpr float uniform(std::uint64_t n, float low, float high) const {
        return low + (high - low) * uniform(n);
    }
    /// Uniform in [0, bound), without modulo bias beyond 2^-32.
    RECKON_BOTH constexpr std::uint32_t below(std::uint64_t n, std::uint32_t bound) const {
        return std::uint32_t((std::uint64_t{word(n)} * bound) >> 32);
    }
};

}}  // namespace reckon::v0
