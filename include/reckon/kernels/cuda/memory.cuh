// Device memory: where a model's parameters lie on a GPU, and the blocks of a workspace there.
#pragma once

#include <reckon/core/arena.hpp>
#include <reckon/core/memory_space.hpp>
#include <reckon/kernels/cuda/error.cuh>

#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// An owned array on the current device, zero at first. It is read and written through a context.
/// What fills it runs on the default stream, which a context's does not wait for: so the
/// constructors do.
template <class T> class device_array {
  public:
    using value_type = T;

    device_array() = default;
    explicit device_array(idx count) : device_array(count, uninitialised{}) {
        if (size_ == 0) return;
        expect_success(cudaMemset(data_, 0, size_ * sizeof(T)), "cudaMemset");
        expect_success(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
    }
    device_array(const device_array& other) : device_array(other.size_, uninitialised{}) {
        if (size_ == 0) return;
        expect_success(cudaMemcpy(data_, other.data_, size_ * sizeof(T), cudaMemcpyDefault),
                       "cudaMemcpy");
        expect_success(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
    }
    device_array(device_array&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    device_array& operator=(device_array other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~device_array() { cudaFree(data_); }

    T* data() { return data_; }
    const T* data() const { return data_; }
    idx size() const { return size_; }

  private:
    struct uninitialised {};
    device_array(idx count, uninitialised) {
        if (count == 0) return;
        expect_success(cudaMalloc(&data_, count * sizeof(T)), "cudaMalloc");
        size_ = count;
    }

    T* data_ = nullptr;
    idx size_ = 0;
};

/// The memory policy of models on a GPU.
struct gpu_memory {
    using space = device;
    template <class T> using storage = device_array<T>;
};

namespace detail {

inline void* allocate_on_device(idx bytes) {
    void* block = nullptr;
    return cudaMalloc(&block, bytes) == cudaSuccess ? block : nullptr;
}
inline void release_on_device(void* block, idx) { cudaFree(block); }

}  // namespace detail

inline block_source device_blocks() {
    return {detail::allocate_on_device, detail::release_on_device};
}

}}}  // namespace reckon::v0::RECKON_ISA
