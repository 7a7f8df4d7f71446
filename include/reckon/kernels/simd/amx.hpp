// Products on AMX's tiles: 16 rows of x, 64 bytes of their depth, times as much depth of 16 columns
// of a packed panel, whose groups of four bytes (four int8, two bf16) are what a tile wants. Of the
// eight tiles three hold sums, three a panel's columns and one the rows. Depth that is no multiple
// of 64 bytes ends with tiles that are less high, so that nothing is read beyond a panel. Which
// rows stand in a tile changes no sum. Up to four rows of int8 are faster by vectors, and their
// sums are the same; bf16 sums are not (a tile adds those of 64 bytes to what it has), so that
// every number of its rows takes this way. (tdpbf16ps, as vdpbf16ps, reads and writes denormals as
// zero.)
#pragma once

#include <reckon/kernels/simd/vector.hpp>

#include <cstring>

#ifdef RECKON_AMX

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

// Inline assembly, as g++ 12's own _tile_loadd does not say that it reads memory.
template <int Tile> void load_tile(const void* from, idx stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(Tile) : "memory");
}
template <int Tile> void store_tile(void* to, idx stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(Tile) : "memory");
}
/// Sums += rows times columns: bf16, or u8 by s8.
template <class T, int Sums, int Rows, int Columns> void dot_tile() {
    if constexpr (std::same_as<T, bf16>)
        asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0"
                     :
                     : "i"(Sums), "i"(Rows), "i"(Columns));
    else
        asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sums), "i"(Rows), "i"(Columns));
}

/// The thread's tiles: sums from 0 on, columns from of_columns on, rows.
class tile_shapes {
  public:
    static constexpr idx most_rows = 16, most_bytes = 64;
    static constexpr int of_rows = 3, of_columns = 4;

    tile_shapes() = default;
    tile_shapes(const tile_shapes&) = delete;
    tile_shapes& operator=(const tile_shapes&) = delete;
    ~tile_shapes() { asm volatile("tilerelease" : : : "memory"); }

    /// For so many rows and bytes of depth; another shape than before loses what tiles hold.
    void set(idx rows, idx bytes) {
        if (rows == rows_ && bytes == bytes_) return;
        rows_ = rows;
        bytes_ = bytes;
        struct {
            std::uint8_t palette = 1, zeros[15] = {};
            std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64};
            std::uint8_t rows[16] = {};
        } config;
        for (int v = 0; v < 3; ++v) {
            config.rows[v] = std::uint8_t(rows);
            config.rows[of_columns + v] = std::uint8_t(bytes / 4);
        }
        config.rows[of_rows] = std::uint8_t(rows);
        config.row_bytes[of_rows] = std::uint16_t(bytes);
        asm volatile("ldtilecfg %0" : : "m"(config) : "memory");
    }

  private:
    idx rows_ = 0, bytes_ = 0;
};

/// y(r, c) = start(c) + sum over k of x(r, k) panel(k, c). Strides and the depth are bytes, the
/// depth whole groups of four; in y sums of a part of the depth wait for the rest.
struct tile_product {
    const void* x;
    idx x_row, rows;
    const void* panel;
    idx depth;
    const void* start;
    void* y;
    idx y_row;
};

/// Rows take turns over a part of the panel that the first cache holds.
template <class T, int Vectors> void multiply_tiles(const tile_product& p) {
    constexpr idx most_rows = tile_shapes::most_rows, most_bytes = tile_shapes::most_bytes;
    constexpr idx cached = 12 * most_bytes, group = Vectors * 64;
    for (idx r = 0; r < p.rows && p.depth == 0; ++r)
        std::memcpy(static_cast<char*>(p.y) + r * p.y_row, p.start, group);
    tile_shapes shapes;
    for (idx k = 0, part; k < p.depth; k += part) {
        const idx left = p.depth - k, step = left < most_bytes ? left : most_bytes;
        part = left / step * step;
        if (p.rows > most_rows && part > cached) part = cached;
        for (idx r = 0; r < p.rows; r += most_rows) {
            const char* x = static_cast<const char*>(p.x) + r * p.x_row + k;
            const char* panel = static_cast<const char*>(p.panel) + k / 4 * group;
            char* const y = static_cast<char*>(p.y) + r * p.y_row;
            const char* const start = k == 0 ? static_cast<const char*>(p.start) : y;
            const idx start_row = k == 0 ? 0 : p.y_row;
            shapes.set(p.rows - r < most_rows ? p.rows - r : most_rows, step);
            unroll<Vectors>([&](auto v) { load_tile<int(v)>(start + v * 64, start_row); });
            for (idx i = 0; i < part; i += step, x += step, panel += step / 4 * group) {
                load_tile<tile_shapes::of_rows>(x, p.x_row);
                unroll<Vectors>([&](auto v) {
                    constexpr int sums = int(v), columns = tile_shapes::of_columns + sums;
                    load_tile<columns>(panel + v * 64, group);
                    dot_tile<T, sums, tile_shapes::of_rows, columns>();
                });
            }
            unroll<Vectors>([&](auto v) { store_tile<int(v)>(y + v * 64, p.y_row); });
        }
    }
}

template <class T> void multiply_tiles(const tile_product& p, idx columns) {
    if (columns > 32)
        multiply_tiles<T, 3>(p);
    else if (columns > 16)
        multiply_tiles<T, 2>(p);
    else
        multiply_tiles<T, 1>(p);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

#endif
