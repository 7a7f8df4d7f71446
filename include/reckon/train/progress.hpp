// A run of training on a terminal: one line that is written over, with the share of the steps,
// loss, rate, rows a second and the time that is left. Where standard error is no terminal nothing
// is written.
#pragma once

#include <reckon/train/trainer.hpp>

#include <chrono>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class train_progress : public train_observer {
  public:
    void begins(idx bytes, idx) override {
        if (shown_)
            std::fprintf(stderr, "a step takes %.1f MB of workspace\n", double(bytes) / 1e6);
    }
    void resumes(const run_progress& at) override {
        if (shown_)
            std::fprintf(stderr, "goes on at epoch %zu, step %zu\n", at.epoch + 1,
                         at.step_of_epoch + 1);
    }
    void warns(const std::string& what) override {
        std::fprintf(stderr, "%swarning: %s\n", erased(), what.c_str());
    }
    void after_step(idx step, idx steps, double loss, double rate, double rows) override {
        if (!shown_) return;
        const auto now = std::chrono::steady_clock::now();
        if (first_ == 0) {
            first_ = step;
            begun_ = now;
        }
        const double taken = std::chrono::duration<double>(now - begun_).count();
        const auto left =
            idx(step == first_ ? 0 : taken / double(step - first_) * double(steps - step));
        constexpr int width = 24;
        const int done = int(double(width) * double(step) / double(steps));
        std::string bar(width, ' ');
        for (int i = 0; i < done; ++i) bar[idx(i)] = '=';
        std::fprintf(stderr, "\r[%s] %zu/%zu loss %.4f rate %.2e %.0f rows/s %zu:%02zu left\033[K",
                     bar.c_str(), step, steps, loss, rate, rows, left / 60, left % 60);
    }

  protected:
    /// Takes the line away, before something else is written.
    const char* erased() {
        if (shown_) std::fputs("\r\033[K", stderr);
        return "";
    }

  private:
    bool shown_ = ::isatty(STDERR_FILENO) == 1;
    idx first_ = 0;
    std::chrono::steady_clock::time_point begun_{};
};

}}}  // namespace reckon::v0::RECKON_ISA
