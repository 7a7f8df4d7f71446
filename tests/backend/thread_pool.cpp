// Also built with the thread sanitizer: the counters are plain numbers, so a task run twice, or two
// threads with one worker's number, is a race.
#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <reckon/backend/context.hpp>
#include <reckon/kernels/reference.hpp>
#include <thread>
#include <vector>

using namespace reckon;

namespace {

/// Runs `tasks` tasks and tells whether each ran once, under a worker's number below `threads`.
bool each_runs_once(context<cpu_reference>& ctx, idx tasks) {
    std::vector<int> runs(tasks, 0);
    std::vector<idx> by_worker(ctx.threads(), 0);
    ctx.parallel(tasks, [&](idx task, idx worker) {
        ++runs.at(task);
        ++by_worker.at(worker);
    });
    idx sum = 0;
    for (const idx n : by_worker) sum += n;
    for (const int n : runs)
        if (n != 1) return false;
    return sum == tasks;
}

}  // namespace

TEST_CASE("each task runs exactly once, whatever the number of threads and tasks") {
    for (idx threads = 1; threads <= 4; ++threads) {
        context<cpu_reference> ctx{{.threads = threads}};
        idx wrong = 0;
        for (idx round = 0; round < 400; ++round) wrong += !each_runs_once(ctx, round % 23);
        CHECK(wrong == 0);
    }
}

TEST_CASE("regions that follow at once, a little later or after workers sleep lose no task") {
    context<cpu_reference> ctx{{.threads = 4}};
    idx wrong = 0;
    for (idx round = 0; round < 3000; ++round) {
        wrong += !each_runs_once(ctx, 2 + round % 7);
        const idx pause = round % 5 * 10;  // workers look out for some 25 us
        if (pause != 0) std::this_thread::sleep_for(std::chrono::microseconds(pause));
        if (round % 50 == 0)
            ctx.parallel(3, [&](idx task, idx) {  // the caller sleeps until the last task ends
                if (task == 1) std::this_thread::sleep_for(std::chrono::microseconds(200));
            });
    }
    CHECK(wrong == 0);
}

TEST_CASE("what tasks write is seen by the caller, and what the caller wrote by the tasks") {
    context<cpu_reference> ctx{{.threads = 4}};
    std::vector<idx> numbers(64, 0);
    for (idx round = 1; round <= 200; ++round) {
        for (idx& n : numbers) n += 1;
        ctx.parallel(numbers.size(), [&](idx task, idx) { numbers[task] += task; });
    }
    idx wrong = 0;
    for (idx i = 0; i < numbers.size(); ++i) wrong += numbers[i] != 200 * (1 + i);
    CHECK(wrong == 0);
}

TEST_CASE("uneven tasks are shared out one by one") {
    context<cpu_reference> ctx{{.threads = 2}};
    std::vector<idx> worker_of(8, 99);
    const std::thread::id caller = std::this_thread::get_id();
    std::vector<std::thread::id> thread_of(8);
    ctx.parallel(8, [&](idx task, idx worker) {
        worker_of[task] = worker;
        thread_of[task] = std::this_thread::get_id();
        if (task == 0) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    });
    idx with_first = 0, misplaced = 0;
    for (idx i = 0; i < 8; ++i) {
        with_first += worker_of[i] == worker_of[0];
        misplaced += (worker_of[i] == 0) != (thread_of[i] == caller);  // the caller is worker 0
    }
    CHECK(with_first < 8);  // the other worker took some meanwhile
    CHECK(misplaced == 0);
}

TEST_CASE("contexts of several threads work at the same time") {
    idx wrong[3]{};
    std::vector<std::thread> users;
    for (idx u = 0; u < 3; ++u)
        users.emplace_back([&wrong, u] {
            context<cpu_reference> ctx{{.threads = u + 1}};
            for (idx round = 0; round < 200; ++round) wrong[u] += !each_runs_once(ctx, 9);
        });
    for (std::thread& user : users) user.join();
    CHECK(wrong[0] + wrong[1] + wrong[2] == 0);
}

TEST_CASE("workers without work take no time of the processor") {
    context<cpu_reference> ctx{{.threads = 4}};
    CHECK(each_runs_once(ctx, 9));
    const std::clock_t before = std::clock();  // of the whole process
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(double(std::clock() - before) / CLOCKS_PER_SEC < 0.03);
}

TEST_CASE("workers that never worked can be sent home") {
    for (int i = 0; i < 50; ++i) context<cpu_reference>{{.threads = 4}};
    SUCCEED();
}
