// How a context runs independent tasks. The interface is two function pointers, so that a build
// without threads refers to none. On POSIX threads (<pthread.h> costs a header nothing, <thread>
// half a second) tasks are handed out one by one, so uneven ones balance by themselves; a worker
// that comes late finds nothing left and holds up nobody. A forward is hundreds of short regions: a
// worker looks out for the next one for some 25 us, then it sleeps, and so does the caller that
// waits for the last task.
#pragma once

#include <reckon/core/config.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <reckon/core/error.hpp>
#include <reckon/core/heap_array.hpp>

#include <atomic>

#include <pthread.h>
#define RECKON_THREADS 1
#endif

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct thread_pool {
    using task = void (*)(const void* work, idx number, idx worker);

    idx count = 1;  // the caller among them
    void (*run)(thread_pool& self, idx tasks, const void* work, task f) = nullptr;
    void (*stop)(thread_pool& self) = nullptr;
};

#ifdef RECKON_THREADS
class posix_thread_pool : public thread_pool {
  public:
    explicit posix_thread_pool(idx threads)
        : thread_pool{threads,
                      [](thread_pool& w, idx n, const void* work, task f) {
                          static_cast<posix_thread_pool&>(w).share(n, work, f);
                      },
                      [](thread_pool& w) { delete &static_cast<posix_thread_pool&>(w); }},
          seats_(threads - 1) {
        for (idx i = 0; i < seats_.size(); ++i) {
            seats_[i] = {this, i + 1, {}};
            if (pthread_create(&seats_[i].thread, nullptr, serve, &seats_[i]) != 0) {
                join(i);
                fail("context", "threads", "a system that starts them", i + 1);
            }
        }
    }
    posix_thread_pool(const posix_thread_pool&) = delete;
    posix_thread_pool& operator=(const posix_thread_pool&) = delete;
    ~posix_thread_pool() { join(seats_.size()); }

  private:
    struct seat {
        posix_thread_pool* home = nullptr;
        idx number = 0;
        pthread_t thread{};
    };
    class lock {
      public:
        explicit lock(pthread_mutex_t& m) : mutex_(m) { pthread_mutex_lock(&mutex_); }
        lock(const lock&) = delete;
        lock& operator=(const lock&) = delete;
        ~lock() { pthread_mutex_unlock(&mutex_); }

      private:
        pthread_mutex_t& mutex_;
    };

    /// A region's number of tasks and the next of them, in one word: who adds 1 to it gets a task,
    /// or learns that there is none, of whatever region it is. One with a task left cannot end
    /// meanwhile.
    struct ticket {
        std::uint64_t word;

        idx tasks() const { return word >> 32; }
        idx next() const { return word & most; }
        bool is_task() const { return next() < tasks(); }
    };
    static constexpr idx most = 0xffffffff;

    void share(idx tasks, const void* work, task f) {
        // Half of what fits, so that workers who find nothing left don't count into `tasks`.
        expect_that(tasks <= most / 2, "context", "tasks", "at most 2147483647", tasks);
        work_ = work;
        f_ = f;
        done_.store(0);
        region_.store(std::uint64_t{tasks} << 32);
        if (sleepers_.load() != 0) {
            const lock hold(mutex_);
            pthread_cond_broadcast(&begin_);
        }
        take_tasks(0);
        const auto ended = [&] { return done_.load() == tasks; };
        if (look_out(ended)) return;
        const lock hold(mutex_);
        caller_sleeps_.store(true);
        while (!ended()) pthread_cond_wait(&end_, &mutex_);
        caller_sleeps_.store(false);
    }

    void take_tasks(idx worker) {
        while (has_task()) {
            const ticket mine{region_.fetch_add(1)};
            if (!mine.is_task()) return;
            f_(work_, mine.next(), worker);
            if (done_.fetch_add(1) + 1 != mine.tasks() || !caller_sleeps_.load()) continue;
            const lock hold(mutex_);
            pthread_cond_signal(&end_);
        }
    }

    bool has_task() const { return ticket{region_.load()}.is_task(); }

    /// Whether it happens soon: 1000 pauses take some 25 us.
    template <class F> static bool look_out(const F& happens) {
        for (int i = 0; i < 1000; ++i) {
            if (happens()) return true;
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
            asm volatile("yield");
#endif
        }
        return false;
    }

    static void* serve(void* argument) {
        const seat& self = *static_cast<seat*>(argument);
        posix_thread_pool& home = *self.home;
        while (!home.ending_.load()) {
            home.take_tasks(self.number);
            if (home.look_out([&] { return home.has_task() || home.ending_.load(); })) continue;
            const lock hold(home.mutex_);
            home.sleepers_.fetch_add(1);
            while (!home.has_task() && !home.ending_.load())
                pthread_cond_wait(&home.begin_, &home.mutex_);
            home.sleepers_.fetch_sub(1);
        }
        return nullptr;
    }

    void join(idx started) {
        {
            const lock hold(mutex_);
            ending_.store(true);
            pthread_cond_broadcast(&begin_);
        }
        for (idx i = 0; i < started; ++i) pthread_join(seats_[i].thread, nullptr);
    }

    heap_array<seat> seats_;
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t begin_ = PTHREAD_COND_INITIALIZER, end_ = PTHREAD_COND_INITIALIZER;
    const void* work_ = nullptr;  // of the region, as f_
    task f_ = nullptr;
    // All of them sequentially consistent: who goes to sleep says so before it looks a last time.
    alignas(64) std::atomic<std::uint64_t> region_{0};
    alignas(64) std::atomic<idx> done_{0};
    std::atomic<idx> sleepers_{0};
    std::atomic<bool> caller_sleeps_{false}, ending_{false};
};
#endif

}}}  // namespace reckon::v0::RECKON_ISA
