// Workers on POSIX threads (<pthread.h> costs a header nothing, <thread> half a second). They sleep
// while there is no work; tasks are handed out one by one, so uneven ones balance by themselves.
#pragma once

#include <reckon/backend/workers.hpp>
#include <reckon/core/error.hpp>
#include <reckon/core/heap_array.hpp>

#include <pthread.h>

namespace reckon::inline v0 {
inline namespace RECKON_ISA {

class thread_workers : public workers {
  public:
    explicit thread_workers(idx threads)
        : workers{threads,
                  [](workers& w, idx n, const void* work, task f) {
                      static_cast<thread_workers&>(w).share(n, work, f);
                  },
                  [](workers& w) { delete &static_cast<thread_workers&>(w); }},
          seats_(threads - 1) {
        for (idx i = 0; i < seats_.size(); ++i) {
            seats_[i] = {this, i + 1, {}};
            if (pthread_create(&seats_[i].thread, nullptr, serve, &seats_[i]) != 0) {
                join(i);
                fail("context", "threads", "a system that starts them", i + 1);
            }
        }
    }
    thread_workers(const thread_workers&) = delete;
    thread_workers& operator=(const thread_workers&) = delete;
    ~thread_workers() { join(seats_.size()); }

  private:
    struct seat {
        thread_workers* home = nullptr;
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

    void share(idx tasks, const void* work, task f) {
        {
            const lock hold(mutex_);
            work_ = work;
            f_ = f;
            tasks_ = tasks;
            next_ = done_ = 0;
            pthread_cond_broadcast(&begin_);
        }
        take_tasks(0);
        const lock hold(mutex_);
        while (done_ != tasks_) pthread_cond_wait(&end_, &mutex_);
        tasks_ = next_ = 0;
    }

    void take_tasks(idx worker) {
        for (;;) {
            idx mine;
            const void* work;
            task f;
            {
                const lock hold(mutex_);
                if (next_ == tasks_) return;
                mine = next_++;
                work = work_;
                f = f_;
            }
            f(work, mine, worker);
            const lock hold(mutex_);
            if (++done_ == tasks_) pthread_cond_signal(&end_);
        }
    }

    static void* serve(void* argument) {
        const seat& self = *static_cast<seat*>(argument);
        thread_workers& home = *self.home;
        for (;;) {
            {
                const lock hold(home.mutex_);
                while (home.next_ == home.tasks_ && !home.ending_)
                    pthread_cond_wait(&home.begin_, &home.mutex_);
                if (home.ending_) return nullptr;
            }
            home.take_tasks(self.number);
        }
    }

    void join(idx started) {
        {
            const lock hold(mutex_);
            ending_ = true;
            pthread_cond_broadcast(&begin_);
        }
        for (idx i = 0; i < started; ++i) pthread_join(seats_[i].thread, nullptr);
    }

    heap_array<seat> seats_;
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t begin_ = PTHREAD_COND_INITIALIZER, end_ = PTHREAD_COND_INITIALIZER;
    const void* work_ = nullptr;
    task f_ = nullptr;
    idx tasks_ = 0, next_ = 0, done_ = 0;
    bool ending_ = false;
};

}  // namespace RECKON_ISA
}  // namespace reckon::inline v0
