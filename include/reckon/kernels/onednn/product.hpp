// f(x w^T + bias) as oneDNN primitives. A primitive is made for a fixed number of rows (with
// run-time row counts the fast AVX-512 kernels are lost), so any number of rows is cut into pieces
// of 64, 32, 16, 8 and fewer than 8, and all of a product's primitives are made when its shape is
// first met: no later batch makes one.
//
// Measured on AVX-512, GFLOP/s at K 768, N 3072 (peak 118):
//     rows                                1   4   8  16  32  64 128
//     packed, inner product (brgemm)     41 108 114 114 110 103 108   larger pieces bring nothing
//     [out, in], inner product           40  82  95  60  80  86  96   the better one up to 8 rows,
//     [out, in], matmul                  16  39  67  77  87  92 101   and the better one from there
#pragma once

#include <reckon/core/dtype.hpp>
#include <reckon/core/heap_array.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/onednn/library.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace onednn {

struct slice {
    idx begin = 0, rows = 0;
};

/// How many rows are cut into pieces: whole ones of 64, then the rest.
class pieces {
  public:
    static constexpr idx sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64};
    static constexpr idx largest = 64;
    static constexpr idx kinds = sizeof(sizes) / sizeof(idx);

    explicit constexpr pieces(idx rows) : rows_(rows) {}

    constexpr idx count() const {
        idx n = rows_ / largest;
        for (idx left = rows_ % largest; left != 0; left -= first_of(left)) ++n;
        return n;
    }
    constexpr slice operator[](idx i) const {
        const idx whole = rows_ / largest;
        if (i < whole) return {i * largest, largest};
        slice piece{whole * largest, first_of(rows_ % largest)};
        for (idx n = whole; n < i; ++n) {
            piece.begin += piece.rows;
            piece.rows = first_of(rows_ - piece.begin);
        }
        return piece;
    }
    /// Which of `sizes` a piece has.
    static constexpr idx kind(idx rows) {
        idx at = 0;
        while (sizes[at] != rows) ++at;
        return at;
    }

  private:
    static constexpr idx first_of(idx left) {  // the largest size that fits
        idx at = kinds - 1;
        while (sizes[at] > left) --at;
        return sizes[at];
    }
    idx rows_;
};

/// What is multiplied: floats give floats; bf16 by bf16 gives floats; bytes, x + 128, by int8 give
/// int32.
enum class numbers : std::uint8_t { f32, bf16, int8 };

constexpr dnnl_data_type_t x_type(numbers n) {
    return n == numbers::f32 ? dnnl_f32 : n == numbers::bf16 ? dnnl_bf16 : dnnl_u8;
}
constexpr dnnl_data_type_t w_type(numbers n) { return n == numbers::int8 ? dnnl_s8 : x_type(n); }
constexpr dnnl_data_type_t y_type(numbers n) { return n == numbers::int8 ? dnnl_s32 : dnnl_f32; }
constexpr idx x_bytes(numbers n) { return n == numbers::f32 ? 4 : n == numbers::bf16 ? 2 : 1; }

/// The depth of a product whose x is made for it, as bf16 and bytes are: filled up with zeros to
/// cache lines of bytes. At another depth AMX has no product of a single row, and brgemm takes rows
/// without gaps only; the library's other products then take a thousand times as long.
RECKON_INLINE constexpr idx filled_up(idx depth) { return (depth + 63) / 64 * 64; }

/// In the place of a stride: the weight is packed.
inline constexpr idx packed_stride = 0;

struct product_shape {
    numbers of = numbers::f32;
    idx in = 0, out = 0;
    idx x_stride = 0, y_stride = 0;
    idx w_stride = 0;  // or packed_stride
    bool bias = false;
    activation f = activation::none;

    bool operator==(const product_shape&) const = default;
};

/// How many outputs stand side by side in a packed int8 weight, four numbers of depth each; 0 in a
/// layout that is not of such blocks, or of narrower ones than vectors are.
inline idx outputs_of(const blocks& w) {
    const int last = w.count - 1;
    if (last < 1 || w.dimensions[last] != 1 || w.sizes[last] != 4 || w.dimensions[last - 1] != 0)
        return 0;
    for (int b = 0; b < last - 1; ++b)
        if (w.dimensions[b] == 0) return 0;
    return w.sizes[last - 1] % 16 == 0 ? idx(w.sizes[last - 1]) : 0;
}

inline primitive_desc inner_product(const library& lib, const product_shape& shape, idx rows,
                                    layout_pointer w) {
    const auto bias = tagged(dnnl_f32, 1, shape.out, 0, dnnl_a);
    return inner_product(lib.engine, lib.attributes_for(shape.f),
                         strided(x_type(shape.of), rows, shape.in, shape.x_stride, 1), w,
                         shape.bias ? layout_pointer{bias} : nullptr,
                         strided(y_type(shape.of), rows, shape.out, shape.y_stride, 1));
}

inline primitive_desc matmul(const library& lib, const product_shape& shape, idx rows) {
    const auto bias = strided(dnnl_f32, 1, shape.out, shape.out, 1);
    return matmul(lib.engine, lib.attributes_for(shape.f),
                  strided(dnnl_f32, rows, shape.in, shape.x_stride, 1),
                  strided(dnnl_f32, shape.in, shape.out, 1, shape.w_stride),
                  shape.bias ? layout_pointer{bias} : nullptr,
                  strided(dnnl_f32, rows, shape.out, shape.y_stride, 1));
}

/// The layout of a packed weight: the library's choice where that choice is brgemm (AVX-512, AMX),
/// else [out, in] for floats, since its other choices run at half the speed for 8 to 256 rows, and
/// none for bf16 and int8: those are slower than floats, and sums of bytes saturate. brgemm sums
/// bytes exactly by VNNI and by AMX, which its name says. For bf16 and int8 every size of piece
/// must have it, since for narrow weights AMX serves some sizes only.
inline std::optional<layout> packed_layout(const library& lib, numbers of, idx in, idx out) {
    const product_shape shape{.of = of, .in = in, .out = out, .x_stride = in, .y_stride = out};
    const auto serves = [&](const primitive_desc& made) {
        if (made == nullptr) return false;
        const std::string_view name = implementation(made);
        const auto has = [&](const char* unit) { return name.find(unit) != name.npos; };
        return name.starts_with("brg") && (of != numbers::int8 || has("vnni") || has("amx"));
    };
    const auto any = tagged(w_type(of), 2, out, in, dnnl_format_tag_any);
    const auto made = inner_product(lib, shape, pieces::largest, any);
    if (of == numbers::f32)
        return serves(made) ? copy_of(layout_of(made, dnnl_query_weights_md))
                            : strided(dnnl_f32, out, in, in, 1);
    if (!serves(made)) return {};
    auto chosen = copy_of(layout_of(made, dnnl_query_weights_md));
    for (const idx rows : pieces::sizes)
        if (!serves(inner_product(lib, shape, rows, chosen))) return {};
    if (of == numbers::int8 && outputs_of(blocks_of(chosen)) == 0) return {};
    return chosen;
}

/// The primitives of one shape, one a size of piece, and for each worker the memory objects that a
/// call points at its operands.
class product {
  public:
    product(const library& lib, const product_shape& shape, idx workers) : shape_(shape) {
        const bool packed = shape.w_stride == packed_stride;
        const auto w = packed ? *packed_layout(lib, shape.of, shape.in, shape.out)
                              : strided(dnnl_f32, shape.out, shape.in, shape.w_stride, 1);
        if (packed) blocks_ = blocks_of(w);
        for (idx i = 0; i < pieces::kinds; ++i) {
            const idx rows = pieces::sizes[i];
            const auto made =
                packed || rows <= 8 ? inner_product(lib, shape, rows, w) : matmul(lib, shape, rows);
            check(dnnl_primitive_create(&sizes_[i].work, made), "primitive_create");
            sizes_[i].of_worker = std::vector<operands>(workers);
            for (operands& o : sizes_[i].of_worker) {
                o.x = lib.unplaced(layout_of(made, dnnl_query_src_md));
                o.w = lib.unplaced(layout_of(made, dnnl_query_weights_md));
                if (shape.bias) o.bias = lib.unplaced(layout_of(made, dnnl_query_weights_md, 1));
                o.y = lib.unplaced(layout_of(made, dnnl_query_dst_md));
                o.scratch = lib.unplaced(layout_of(made, dnnl_query_scratchpad_md));
            }
            const idx scratch =
                dnnl_memory_desc_get_size(layout_of(made, dnnl_query_scratchpad_md));
            if (scratch > scratch_bytes_) scratch_bytes_ = scratch;
        }
    }

    const product_shape& shape() const { return shape_; }
    /// Of a packed weight.
    const onednn::blocks& blocks() const { return blocks_; }
    idx scratch_bytes() const { return scratch_bytes_; }

    /// One piece. It answers a status, because a worker must not throw.
    dnnl_status_t run(idx worker, dnnl_stream_t stream, idx rows, const void* x, const void* w,
                      const float* bias, float* y, std::byte* scratch) const {
        const auto& size = sizes_[pieces::kind(rows)];
        const operands& o = size.of_worker[worker];
        return execute(size.work, stream,
                       {{DNNL_ARG_SRC, o.x, x},
                        {DNNL_ARG_WEIGHTS, o.w, w},
                        {DNNL_ARG_BIAS, o.bias, bias},
                        {DNNL_ARG_DST, o.y, y},
                        {DNNL_ARG_SCRATCHPAD, o.scratch, scratch}});
    }

  private:
    struct operands {
        memory x, w, bias, y, scratch;
    };
    struct size {
        primitive work;
        std::vector<operands> of_worker;
    };

    product_shape shape_;
    onednn::blocks blocks_;
    size sizes_[pieces::kinds];
    idx scratch_bytes_ = 0;
};

/// The operands of a product.
struct product_data {
    const void *x, *w;
    const float* bias;
    float* y;
};

/// The products of a context, each made when its shape is first met, and what its workers need.
class products {
  public:
    onednn::library library;

    /// y = f(x w^T + bias), cut into pieces over the context's workers, who call before(piece) and
    /// after(piece) on each: they make its rows of x, and what is left to do on those of y.
    template <class C, class Before, class After>
    void run(C& ctx, const product& p, idx rows, const product_data& data, const Before& before,
             const After& after) {
        const pieces cut(rows);
        const product_shape& shape = p.shape();
        const idx x_row = shape.x_stride * x_bytes(shape.of);
        ctx.parallel(cut.count(), [&](idx i, idx number) {
            const one_thread alone(library.omp);
            worker& self = workers_[number];
            const slice piece = cut[i];
            before(piece);
            const dnnl_status_t status =
                p.run(number, self.stream, piece.rows,
                      static_cast<const std::byte*>(data.x) + piece.begin * x_row, data.w,
                      data.bias, data.y + piece.begin * shape.y_stride, self.scratch.data());
            if (status != dnnl_success) self.status = status;
            after(piece);
        });
        for (worker& self : workers_)
            check(std::exchange(self.status, dnnl_success), "primitive_execute");
    }

    /// A weight [out, in] of float, bf16 or int8 in the packed layout; of the latter two empty
    /// where they have none.
    template <class T> heap_array<T> packed(view<const T> w) const {
        constexpr numbers of = std::same_as<T, float>  ? numbers::f32
                               : std::same_as<T, bf16> ? numbers::bf16
                                                       : numbers::int8;
        expect_filled(w.rows, w.cols);
        const one_thread alone(library.omp);
        const idx in = of == numbers::f32 ? w.cols : filled_up(w.cols);
        const auto chosen = packed_layout(library, of, in, w.rows);
        if (!chosen) return {};
        heap_array<T> whole(in != w.cols ? w.rows * in : 0);
        for (idx o = 0; o < w.rows && whole.size() != 0; ++o)
            std::copy_n(w.row(o), w.cols, whole.data() + o * in);
        if (whole.size() != 0) w = {whole.data(), w.rows, in};
        const auto from = strided(w_type(of), w.rows, w.cols, w.stride, 1);
        const auto& to = *chosen;
        heap_array<T> items(dnnl_memory_desc_get_size(to) / sizeof(T));
        const auto source = library.unplaced(from), target = library.unplaced(to);
        primitive_desc made;
        check(dnnl_reorder_primitive_desc_create(&made, from, library.engine, to, library.engine,
                                                 nullptr),
              "reorder_primitive_desc_create");
        primitive reorder;
        check(dnnl_primitive_create(&reorder, made), "primitive_create");
        check(execute(reorder, library.stream(),
                      {{DNNL_ARG_FROM, source, w.data}, {DNNL_ARG_TO, target, items.data()}}),
              "primitive_execute");
        return items;
    }

    /// The product of a shape, made when it is first met.
    const product& find(const product_shape& shape, idx threads) {
        for (const product& p : made_)
            if (p.shape() == shape) return p;
        expect_filled(shape.out, shape.in);
        const one_thread alone(library.omp);
        if (workers_.empty()) {
            workers_ = std::vector<worker>(threads);
            for (worker& self : workers_) self.stream = library.stream();
        }
        const product& p = made_.emplace_back(library, shape, threads);
        for (worker& self : workers_)
            if (self.scratch.size() < p.scratch_bytes())
                self.scratch = heap_array<std::byte>(p.scratch_bytes());
        return p;
    }

  private:
    struct worker {
        onednn::stream stream;
        heap_array<std::byte> scratch;
        dnnl_status_t status = dnnl_success;
    };

    static void expect_filled(idx out, idx in) {
        expect_that(out != 0 && in != 0, "linear", "w", "at least one row and column", idx{0});
    }

    std::vector<product> made_;
    std::vector<worker> workers_;
};

}}}}  // namespace reckon::v0::RECKON_ISA::onednn
