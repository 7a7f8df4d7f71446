// The machine a benchmark runs on: its name, the cores to stay on, clocks, and memory.
#pragma once

#include <reckon/core/config.hpp>

#include <sched.h>
#include <time.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace machine {

inline std::string after(const char* file, const std::string& key) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(key)) return line.substr(line.find_first_not_of(": \t", key.size()));
    return "unknown";
}

inline std::string cpu_name() { return after("/proc/cpuinfo", "model name"); }

/// The most that was resident, in KiB.
inline long peak_memory() { return std::atol(after("/proc/self/status", "VmHWM").c_str()); }

/// The cores this process was given.
class cores {
  public:
    cores() { known_ = sched_getaffinity(0, sizeof given_, &given_) == 0; }

    /// This thread, and those that it starts, stay on so many of them from here: on the one it runs
    /// on and the next. Gives that one, or -1 where the system refuses.
    int pin(reckon::idx count) const {
        const int here = sched_getcpu();
        if (!known_ || here < 0) return -1;
        cpu_set_t set;
        CPU_ZERO(&set);
        for (int i = 0; i < CPU_SETSIZE && reckon::idx(CPU_COUNT(&set)) < count; ++i) {
            const int core = (here + i) % CPU_SETSIZE;
            if (CPU_ISSET(unsigned(core), &given_)) CPU_SET(unsigned(core), &set);
        }
        return sched_setaffinity(0, sizeof set, &set) == 0 ? here : -1;
    }

  private:
    cpu_set_t given_;
    bool known_;
};

inline double read_clock(clockid_t clock) {
    timespec t;
    clock_gettime(clock, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}
/// Seconds this thread has computed: on a shared core, waiting is not counted. Says nothing of work
/// that other threads do.
inline double seconds() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
inline double wall_seconds() { return read_clock(CLOCK_MONOTONIC); }
/// Of all threads together.
inline double process_seconds() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/// The time of a run on so many threads: the thread's own of one, that on the wall of more.
inline auto clock_for(reckon::idx threads) { return threads == 1 ? seconds : wall_seconds; }

template <class F> double seconds_of(double (*now)(), const F& f) {
    const double begin = now();
    f();
    return now() - begin;
}

}  // namespace machine
