// `forward` allocates nothing after one maximal batch, nor does a step of decoding after the first.
// malloc and its kin, operator new and mmap are interposed for the whole program and counted while
// a test asks; what oneDNN and OpenMP allocate in their own code is counted apart.
#include "support/backends.hpp"

#include <catch2/catch.hpp>
#include <reckon/backend/context.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/core/random.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/tasks/generate.hpp>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

namespace {

std::atomic<bool> counting{false};
std::atomic<long> ours{0}, vendors{0};

void count(const void* caller) {
    if (!counting) return;
    Dl_info where{};
    const bool vendor = dladdr(caller, &where) != 0 && where.dli_fname != nullptr &&
                        (std::strstr(where.dli_fname, "libdnnl") != nullptr ||
                         std::strstr(where.dli_fname, "libgomp") != nullptr);
    ++(vendor ? vendors : ours);
}

}  // namespace

#ifndef SANITIZED  // a sanitizer interposes the same functions
extern "C" {
void __libc_free(void*);
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    return __libc_malloc(bytes);
}
void* calloc(std::size_t items, std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    return __libc_calloc(items, bytes);
}
void* realloc(void* old, std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    return __libc_realloc(old, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
    count(__builtin_return_address(0));
    *memory = __libc_memalign(alignment, bytes);
    return *memory == nullptr ? ENOMEM : 0;
}
void* mmap(void* at, std::size_t bytes, int protection, int flags, int file,
           off_t offset) noexcept {
    count(__builtin_return_address(0));
    return reinterpret_cast<void*>(syscall(SYS_mmap, at, bytes, protection, flags, file, offset));
}
}

// Replaced too, so that the caller is who allocates and not the standard library.
void* operator new(std::size_t bytes) {
    count(__builtin_return_address(0));
    if (void* memory = __libc_malloc(bytes)) return memory;
    throw std::bad_alloc{};
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    count(__builtin_return_address(0));
    if (void* memory = __libc_memalign(std::size_t(alignment), bytes)) return memory;
    throw std::bad_alloc{};
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    count(__builtin_return_address(0));
    return __libc_memalign(std::size_t(alignment), bytes);
}
void operator delete(void* memory) noexcept { __libc_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { __libc_free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { __libc_free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { __libc_free(memory); }
#endif

namespace {

using namespace reckon;

struct allocations {
    long ours, vendors;
};
template <class F> allocations during(const F& f) {
    ours = vendors = 0;
    counting = true;
    f();
    counting = false;
    return {ours, vendors};
}

/// The model with random weights.
template <class Model> Model filled(Model model) {
    const philox random{1};
    idx n = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = random.uniform(n++, -1, 1);
        },
        model);
    return model;
}

/// Sequences of 1 to 20 rows, so many rows in all.
class random_batch {
  public:
    random_batch(std::uint64_t seed, idx rows) : ids_(rows) {
        const philox random{seed};
        for (idx i = 0; i < rows; ++i) ids_[i] = std::int32_t(random.uniform(i, 0, 49));
        while (idx(offsets_.back()) < rows) {
            const auto length = std::int32_t(random.uniform(rows + offsets_.size(), 1, 21));
            offsets_.push_back(std::min(offsets_.back() + length, std::int32_t(rows)));
        }
    }
    id_batch<> look() const { return batch_of(ids_, offsets_); }

  private:
    std::vector<std::int32_t> ids_, offsets_{0};
};

/// What oneDNN allocates for a piece of each size, and so for any number of rows.
class vendor_allocations {
  public:
    template <class Forward> explicit vendor_allocations([[maybe_unused]] const Forward& forward) {
#ifdef RECKON_WITH_ONEDNN
        for (idx rows : onednn::pieces::sizes) {
            const random_batch batch(rows, rows);
            of_size_.push_back(during([&] { forward(batch); }).vendors);
        }
#endif
    }
    long of([[maybe_unused]] idx rows) const {
        long sum = 0;
#ifdef RECKON_WITH_ONEDNN
        const onednn::pieces cut(rows);
        for (idx i = 0; i < cut.count(); ++i) sum += of_size_[onednn::pieces::kind(cut[i].rows)];
#endif
        return sum;
    }

  private:
    std::vector<long> of_size_;
};

}  // namespace

TEST_CASE("allocations are counted, so that none is a result") {
#ifdef SANITIZED
    test_support::skip("allocations are counted", "a sanitizer interposes malloc itself");
#else
    void* (*volatile take)(std::size_t) = std::malloc;
    void* taken[2];
    const auto seen = during([&] {
        taken[0] = take(8);
        taken[1] = ::operator new(8);
        munmap(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
    });
    std::free(taken[0]);
    ::operator delete(taken[1]);
    CHECK(seen.ours == 3);
    CHECK(seen.vendors == 0);
#endif
}

TEMPLATE_TEST_CASE("forward allocates nothing after one maximal batch", "[slow]",
                   RECKON_TEST_BACKENDS) {
    const std::string name = "forward allocates nothing";
    if (!test_support::runs<TestType>(name)) return;
#ifdef SANITIZED
    test_support::skip(name, "a sanitizer interposes malloc itself");
#else
    constexpr idx most = 101;
    // wide enough that the buffers of Eigen's expressions would not fit the stack
    const auto plain = filled(bert::model<>{
        {.vocabulary = 50, .positions = 20, .layers = 2, .heads = 4, .width = 128, .hidden = 640}});
    for (const idx threads : {idx{1}, idx{2}}) {
        context<typename TestType::tag> ctx({.threads = threads});
        const auto model = prepare(ctx, plain);
        const auto forward = [&](const random_batch& batch) {
            const auto scope = ctx.scope();
            model(ctx, batch.look());
        };
        forward(random_batch(2, most));
        const vendor_allocations vendor(forward);
        for (idx rows = 1; rows < most; ++rows) {
            const random_batch batch(3 + rows, rows);
            const auto seen = during([&] { forward(batch); });
            CAPTURE(rows, threads);
            REQUIRE(seen.ours == 0);
            // With more threads, OpenMP allocates when it first meets each, whenever that is.
            if (threads == 1) REQUIRE(seen.vendors == vendor.of(rows));
        }
        if (threads == 1 && vendor.of(1) != 0)
            std::cout << "oneDNN allocates " << vendor.of(1) << " times for 1 row and "
                      << vendor.of(64) << " times for 64, in " << 6 * plain.size.layers
                      << " linear layers\n";
    }
#endif
}

TEMPLATE_TEST_CASE("a step of decoding allocates nothing, however long the texts are", "",
                   RECKON_TEST_BACKENDS) {
    const std::string name = "a step of decoding allocates nothing";
    if (!test_support::runs<TestType>(name)) return;
#ifdef SANITIZED
    test_support::skip(name, "a sanitizer interposes malloc itself");
#else
    const auto plain = filled(llama::model<>{});  // of stories260K's shape
    for (const idx threads : {idx{1}, idx{2}}) {
        context<typename TestType::tag> ctx({.threads = threads});
        const auto model = prepare(ctx, plain);
        generator texts(ctx, model, {.slots = 3, .tokens = 512});
        const sampling in_some_way{
            .temperature = 1, .top_k = 40, .top_p = 0.9f, .repetition_penalty = 1.2f};
        texts.enter({.prompt = {1}, .max_tokens = 511});
        texts.enter({.prompt = {1, 403, 407}, .max_tokens = 400, .how = in_some_way});
        texts.enter({.prompt = {1, 317}, .max_tokens = 300});
        texts.step();
        long vendor = -1;
        for (idx step = 1; texts.running() == 3; ++step) {
            const auto seen = during([&] { texts.step(); });
            CAPTURE(step, threads);
            REQUIRE(seen.ours == 0);
            if (vendor < 0) vendor = seen.vendors;
            if (threads == 1) REQUIRE(seen.vendors == vendor);
        }
        if (threads == 1 && vendor != 0)
            std::cout << "oneDNN allocates " << vendor << " times for a step of decoding, in "
                      << 7 * plain.size.layers + 1 << " linear layers\n";
    }
#endif
}
