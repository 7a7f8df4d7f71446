// Sizes of M6 (M6-Rec, section 3.5 and Table 7). `base` has 324,995,072 parameters, `edge`, all of
// whose layers are one, 10,023,168.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace m6 {

struct config {
    idx vocabulary = 21128, positions = 1024;
    idx layers = 24, heads = 16, width = 1024, hidden = 4096;
    idx embedding = 0;  // width of the tables, projected to `width`; 0: tables are as wide
    float epsilon = 1e-5f;

    constexpr idx table_width() const { return embedding != 0 ? embedding : width; }
    constexpr bool factorised() const { return table_width() != width; }
    bool operator==(const config&) const = default;
};

inline constexpr config base{};
inline constexpr config edge{.width = 768, .hidden = 3072, .embedding = 128};

}}}}  // namespace reckon::v0::RECKON_ISA::m6
