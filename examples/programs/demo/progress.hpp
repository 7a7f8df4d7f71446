// A bar on standard error for work that will take longer than two seconds; nothing where that is no
// terminal. It is gone when the work is done.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include <unistd.h>

class progress {
  public:
    progress(std::string what, std::size_t steps)
        : what_(std::move(what)), steps_(steps), shows_(isatty(STDERR_FILENO) != 0) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() {
        if (drawn_) std::fprintf(stderr, "\r\x1b[K");
    }

    void at(std::size_t done) {
        const double spent = seconds();
        if (!shows_ || done == 0 || spent < next_) return;
        const double part = double(done) / double(steps_), whole = spent / part;
        if (whole < 2) return;
        const std::string full(std::size_t(part * width), '#'), rest(width - full.size(), '.');
        std::fprintf(stderr, "\r%-24s [%s%s] %3.0f %%, %.0f s left\x1b[K", what_.c_str(),
                     full.c_str(), rest.c_str(), 100 * part, whole - spent);
        drawn_ = true;
        next_ = spent + 0.1;
    }

  private:
    static constexpr std::size_t width = 30;
    using clock = std::chrono::steady_clock;

    double seconds() const { return std::chrono::duration<double>(clock::now() - begin_).count(); }

    std::string what_;
    std::size_t steps_;
    bool shows_, drawn_ = false;
    clock::time_point begin_ = clock::now();
    double next_ = 0.2;
};
