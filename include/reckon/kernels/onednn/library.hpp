// oneDNN's engine in a context, and one thread at a time: the library runs on OpenMP (Debian's and
// PyPI's), and `one_thread` keeps it from starting a team of its own, since the context's workers
// are the parallelism.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/kernels/onednn/api.hpp>

#include <dlfcn.h>

#include <initializer_list>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace onednn {

/// The functions by which OpenMP is told its threads, asked for at run time: a program doesn't
/// link OpenMP itself, and a oneDNN built without it needs none of this.
struct omp_threads {
    int (*get)() = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
    void (*set)(int) = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
};

/// While it lives, oneDNN makes and runs primitives on the calling thread alone. The number is the
/// calling thread's own, so no other thread of the program sees it.
class [[nodiscard]] one_thread {
  public:
    explicit one_thread(const omp_threads& omp) {
        if (omp.get == nullptr || omp.set == nullptr) return;
        before_ = omp.get();
        if (before_ == 1) return;
        set_ = omp.set;
        set_(1);
    }
    one_thread(const one_thread&) = delete;
    one_thread& operator=(const one_thread&) = delete;
    ~one_thread() {
        if (set_ != nullptr) set_(before_);
    }

  private:
    void (*set_)(int) = nullptr;
    int before_ = 1;
};

inline layout_pointer layout_of(const primitive_desc& made, dnnl_query_t which, int number = 0) {
    return dnnl_primitive_desc_query_md(made, which, number);
}

inline std::string_view implementation(const primitive_desc& made) {
    const char* name = "";
    check(dnnl_primitive_desc_query(made, dnnl_query_impl_info_str, 0, &name),
          "primitive_desc_query");
    return name;
}

/// A memory object is made once and pointed at the data of each call.
struct operand {
    int name;
    dnnl_memory_t memory;  // null: the primitive has no such operand
    const void* data;
};

/// It answers a status, because a worker must not throw.
inline dnnl_status_t execute(dnnl_primitive_t work, dnnl_stream_t stream,
                             std::initializer_list<operand> operands) {
    dnnl_exec_arg_t given[8];
    int count = 0;
    for (const operand& o : operands) {
        if (o.memory == nullptr) continue;
        const auto status = dnnl_memory_set_data_handle(o.memory, const_cast<void*>(o.data));
        if (status != dnnl_success) return status;
        given[count++] = {o.name, o.memory};
    }
    const auto status = dnnl_primitive_execute(work, stream, count, given);
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}

/// The engine of a context and what is made from it.
struct library {
    omp_threads omp;
    onednn::engine engine;

    library() { check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine_create"); }

    onednn::stream stream() const {
        onednn::stream made;
        check(dnnl_stream_create(&made, engine, dnnl_stream_default_flags), "stream_create");
        return made;
    }

    memory unplaced(layout_pointer of) const {
        memory made;
        check(dnnl_memory_create(&made, of, engine, DNNL_MEMORY_NONE), "memory_create");
        return made;
    }

    /// Scratch memory is always the caller's: the library's own belongs to the thread that made
    /// the primitive.
    attributes attributes_for(activation f) const {
        attributes made;
        check(dnnl_primitive_attr_create(&made), "primitive_attr_create");
        check(dnnl_primitive_attr_set_scratchpad_mode(made, dnnl_scratchpad_mode_user),
              "primitive_attr_set_scratchpad_mode");
        if (f == activation::none) return made;
        post_ops after;
        check(dnnl_post_ops_create(&after), "post_ops_create");
        append_eltwise(after, algorithm(f), f == activation::silu);
        check(dnnl_primitive_attr_set_post_ops(made, after), "primitive_attr_set_post_ops");
        return made;
    }

  private:
    static dnnl_alg_kind_t algorithm(activation f) {
        switch (f) {
            case activation::relu:
                return dnnl_eltwise_relu;
            case activation::gelu:
                return dnnl_eltwise_gelu_erf;
            case activation::gelu_tanh:
                return dnnl_eltwise_gelu_tanh;
            case activation::silu:
                return dnnl_eltwise_swish;
            case activation::none:
                break;  // has no post-op
        }
        return dnnl_alg_kind_undef;
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::onednn
