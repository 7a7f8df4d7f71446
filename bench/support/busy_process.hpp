// A process that keeps one core busy while this lives: of those that the calling thread may use, as
// the system's scheduler thinks fit.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace machine {

class busy_process {
  public:
    busy_process() : child_(fork()) {
        if (child_ < 0) throw std::runtime_error("no busy process: fork failed");
        if (child_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile bool busy = true; busy;) {
        }
    }
    busy_process(const busy_process&) = delete;
    busy_process& operator=(const busy_process&) = delete;
    ~busy_process() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }

  private:
    pid_t child_;
};

}  // namespace machine
