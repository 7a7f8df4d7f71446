// A context is where a model runs: backend tag + threads + vendor handles + workspace. It is the
// first argument of every op and model, belongs to one thread at a time, and is the only mutable
// thing in a forward: any number of contexts may share one const model.
//
// Tensors made by ops live in the workspace until the scope they were made in ends:
//     auto scope = ctx.scope();
//     auto hidden = model(ctx, batch);     // read it before `scope` ends
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/backend/thread_pool.hpp>
#include <reckon/core/arena.hpp>
#include <reckon/core/dtype.hpp>
#include <reckon/core/view.hpp>

#include <span>
#include <type_traits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// `Element`: what activations are stored in. `Sum`: what the reference accumulates in (float on
/// chips without a double unit).
template <class Tag, floating Element = float, floating Sum = double> class context {
    static_assert(complete_tag<Tag>,
                  "context: this backend is only declared here; include its kernels, such as "
                  "<reckon/kernels/reference.hpp>, or <reckon/cpu.hpp> for all of this build");

  public:
    using tag = std::conditional_t<complete_tag<Tag>, Tag, nothing>;
    using kernels = typename detail::counted<tag>::type;  // the stack whose kernels (would) run
    using element = Element;
    using sum = Sum;
    using space = typename tag::space;
    using tensor = view<Element, space>;
    static constexpr bool recording = false;
    static constexpr bool dry = detail::counted<tag>::dry;

    /// A workspace that grows as needed.
    explicit context(context_options options = {}) requires(!dry) : memory_(tag::blocks()) {
        expect_that(options.threads != 0, "context", "threads", "at least 1", idx{0});
        if constexpr (requires { state_.configure(options); }) state_.configure(options);
#ifdef RECKON_THREADS
        if (options.threads > 1) pool_ = new posix_thread_pool(options.threads);
#else
        expect_that(options.threads == 1, "context", "threads", "1 on this system",
                    options.threads);
#endif
    }
    /// A workspace of fixed capacity; the bytes stay the caller's and are aligned to 64.
    explicit context(std::span<std::byte> workspace) requires(!dry) : memory_(workspace) {}
    /// Counts for a context of so many threads, also in constant expressions.
    constexpr explicit context(idx threads = 1) requires(dry) : dry_threads_(threads) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    constexpr ~context() {
        if (pool_ != nullptr) pool_->stop(*pool_);
    }

    /// A tensor [rows, cols] in the workspace, its values not set.
    constexpr tensor make(idx rows, idx cols) { return make<Element>(rows, cols); }
    template <class T> constexpr view<T, space> make(idx rows, idx cols) {
        std::byte* at = memory_.take(rows * cols * sizeof(T));
        if constexpr (dry)
            return {nullptr, rows, cols};
        else
            return {reinterpret_cast<T*>(at), rows, cols};
    }

    class [[nodiscard]] scope_guard {
      public:
        constexpr explicit scope_guard(arena& memory) : memory_(memory), mark_(memory.here()) {}
        scope_guard(const scope_guard&) = delete;
        scope_guard& operator=(const scope_guard&) = delete;
        constexpr ~scope_guard() { memory_.release(mark_); }

      private:
        arena& memory_;
        arena::mark mark_;
    };
    /// Everything made after this is given back when the guard ends.
    constexpr scope_guard scope() { return scope_guard(memory_); }
    /// The same for what an op needs only while it runs, also where a tape keeps the tensors.
    constexpr scope_guard scratch() { return scope_guard(memory_); }

    /// f(task, worker) for every task; the cut is the caller's and depends on shapes alone.
    template <class F> void parallel(idx tasks, const F& f) {
        if (pool_ == nullptr || tasks < 2) {
            for (idx i = 0; i < tasks; ++i) f(i, idx{0});
        } else {
            pool_->run(*pool_, tasks, &f, [](const void* work, idx number, idx worker) {
                (*static_cast<const F*>(work))(number, worker);
            });
        }
    }
    constexpr idx threads() const { return pool_ != nullptr ? pool_->count : dry_threads_; }

    constexpr const arena& workspace() const { return memory_; }
    constexpr typename tag::state& state() { return state_; }

  protected:
    arena memory_;

  private:
    typename tag::state state_{};
    thread_pool* pool_ = nullptr;
    idx dry_threads_ = 1;
};

template <class C>
concept any_context = requires {
    typename C::tag;
    typename C::kernels;
    typename C::element;
    typename C::tensor;
    { C::recording } -> std::convertible_to<bool>;
    { C::dry } -> std::convertible_to<bool>;
};

template <class C> using tensor_of = typename C::tensor;

}}}  // namespace reckon::v0::RECKON_ISA
