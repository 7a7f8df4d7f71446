// oneDNN's C interface, of 2 and of 3 (dnnl.hpp costs every file a second of compiling): owning
// handles, statuses turned into errors, and what the two versions spell differently, which is
// nothing above this header.
#pragma once

#include <reckon/backend/isa.hpp>
#include <reckon/core/error.hpp>

#include <dnnl.h>
#include <dnnl_debug.h>

#include <cstring>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace onednn {

inline void check(dnnl_status_t status, const char* call) {
    expect_that(status == dnnl_success, "onednn", call, "success", dnnl_status2str(status));
}

template <class T, dnnl_status_t (*Destroy)(T*)> class handle {
  public:
    handle() = default;
    handle(handle&& other) noexcept : item_(std::exchange(other.item_, nullptr)) {}
    handle& operator=(handle&& other) noexcept {
        std::swap(item_, other.item_);
        return *this;
    }
    ~handle() {
        if (item_ != nullptr) Destroy(item_);
    }

    operator T*() const { return item_; }
    T** operator&() { return &item_; }  // where the library's create functions write

  private:
    T* item_ = nullptr;
};

using engine = handle<dnnl_engine, dnnl_engine_destroy>;
using stream = handle<dnnl_stream, dnnl_stream_destroy>;
using memory = handle<dnnl_memory, dnnl_memory_destroy>;
using primitive = handle<dnnl_primitive, dnnl_primitive_destroy>;
using primitive_desc = handle<dnnl_primitive_desc, dnnl_primitive_desc_destroy>;
using attributes = handle<dnnl_primitive_attr, dnnl_primitive_attr_destroy>;
using post_ops = handle<dnnl_post_ops, dnnl_post_ops_destroy>;

/// The layout of a matrix, owned, and as the library takes it: in oneDNN 2 a struct, in 3 one more
/// handle.
#if DNNL_VERSION_MAJOR >= 3
using layout = handle<dnnl_memory_desc, dnnl_memory_desc_destroy>;
using layout_pointer = const_dnnl_memory_desc_t;
#else
using layout_pointer = const dnnl_memory_desc_t*;
struct layout {
    dnnl_memory_desc_t item{};
    operator layout_pointer() const { return &item; }
};
#endif

/// Element (i, j) stands at i * row_stride + j * column_stride.
inline layout strided(dnnl_data_type_t type, idx rows, idx cols, idx row_stride,
                      idx column_stride) {
    const dnnl_dims_t sizes{dnnl_dim_t(rows), dnnl_dim_t(cols)};
    const dnnl_dims_t strides{dnnl_dim_t(row_stride), dnnl_dim_t(column_stride)};
    layout made;
#if DNNL_VERSION_MAJOR >= 3
    check(dnnl_memory_desc_create_with_strides(&made, 2, sizes, type, strides),
          "memory_desc_create_with_strides");
#else
    check(dnnl_memory_desc_init_by_strides(&made.item, 2, sizes, type, strides),
          "memory_desc_init_by_strides");
#endif
    return made;
}

/// A layout by its tag, of a matrix or (one dimension) of a row.
inline layout tagged(dnnl_data_type_t type, int dimensions, idx first, idx second,
                     dnnl_format_tag_t tag) {
    const dnnl_dims_t sizes{dnnl_dim_t(first), dnnl_dim_t(second)};
    layout made;
#if DNNL_VERSION_MAJOR >= 3
    check(dnnl_memory_desc_create_with_tag(&made, dimensions, sizes, type, tag),
          "memory_desc_create_with_tag");
#else
    check(dnnl_memory_desc_init_by_tag(&made.item, dimensions, sizes, type, tag),
          "memory_desc_init_by_tag");
#endif
    return made;
}

inline layout copy_of(layout_pointer from) {
    layout made;
#if DNNL_VERSION_MAJOR >= 3
    check(dnnl_memory_desc_clone(&made, from), "memory_desc_clone");
#else
    made.item = *from;
#endif
    return made;
}

/// How a layout is made of blocks: the inner ones from the outermost on, each a dimension and a
/// size, and how far apart the blocks of a dimension stand.
struct blocks {
    int count = 0;
    dnnl_dims_t sizes{}, dimensions{}, strides{};

    /// Where number (i, j) of a matrix stands.
    idx at(idx i, idx j) const {
        idx position[] = {i, j}, offset = 0, step = 1;
        for (int b = count - 1; b >= 0; --b) {
            const idx size = idx(sizes[b]);
            idx& along = position[dimensions[b]];
            offset += along % size * step;
            along /= size;
            step *= size;
        }
        return offset + position[0] * idx(strides[0]) + position[1] * idx(strides[1]);
    }
};

inline blocks blocks_of(layout_pointer from) {
    blocks made;
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_dims_t *sizes = nullptr, *dimensions = nullptr, *strides = nullptr;
    const auto ask = [&](dnnl_query_t what, auto& answer) {
        check(dnnl_memory_desc_query(from, what, &answer), "memory_desc_query");
    };
    ask(dnnl_query_inner_nblks_s32, made.count);
    ask(dnnl_query_inner_blks, sizes);
    ask(dnnl_query_inner_idxs, dimensions);
    ask(dnnl_query_strides, strides);
    std::memcpy(made.sizes, *sizes, sizeof made.sizes);
    std::memcpy(made.dimensions, *dimensions, sizeof made.dimensions);
    std::memcpy(made.strides, *strides, sizeof made.strides);
#else
    const dnnl_blocking_desc_t& how = from->format_desc.blocking;
    made.count = how.inner_nblks;
    std::memcpy(made.sizes, how.inner_blks, sizeof made.sizes);
    std::memcpy(made.dimensions, how.inner_idxs, sizeof made.dimensions);
    std::memcpy(made.strides, how.strides, sizeof made.strides);
#endif
    return made;
}

/// y = x w^T + bias with w [out, in]; a null bias adds nothing. Null where the library has none for
/// such numbers.
inline primitive_desc inner_product(dnnl_engine_t engine, const attributes& how, layout_pointer x,
                                    layout_pointer w, layout_pointer bias, layout_pointer y) {
    primitive_desc made;
#if DNNL_VERSION_MAJOR >= 3
    const auto status = dnnl_inner_product_forward_primitive_desc_create(
        &made, engine, dnnl_forward_inference, x, w, bias, y, how);
#else
    dnnl_inner_product_desc_t what;
    check(dnnl_inner_product_forward_desc_init(&what, dnnl_forward_inference, x, w, bias, y),
          "inner_product_forward_desc_init");
    const auto status = dnnl_primitive_desc_create(&made, &what, how, engine, nullptr);
#endif
    if (status != dnnl_unimplemented) check(status, "inner_product_forward_primitive_desc_create");
    return made;
}

/// y = x w + bias with w [in, out], and a bias of one row.
inline primitive_desc matmul(dnnl_engine_t engine, const attributes& how, layout_pointer x,
                             layout_pointer w, layout_pointer bias, layout_pointer y) {
    primitive_desc made;
#if DNNL_VERSION_MAJOR >= 3
    check(dnnl_matmul_primitive_desc_create(&made, engine, x, w, bias, y, how),
          "matmul_primitive_desc_create");
#else
    dnnl_matmul_desc_t what;
    check(dnnl_matmul_desc_init(&what, x, w, bias, y), "matmul_desc_init");
    check(dnnl_primitive_desc_create(&made, &what, how, engine, nullptr), "primitive_desc_create");
#endif
    return made;
}

inline void append_eltwise(const post_ops& after, dnnl_alg_kind_t f, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
    const auto status = dnnl_post_ops_append_eltwise(after, f, alpha, 0);
#else
    const auto status = dnnl_post_ops_append_eltwise(after, 1, f, alpha, 0);
#endif
    check(status, "post_ops_append_eltwise");
}

}}}}  // namespace reckon::v0::RECKON_ISA::onednn
