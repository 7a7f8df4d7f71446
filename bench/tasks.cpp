// What it costs that texts of many tasks share a batch: 64 texts over a backbone of MiniLM's size,
// all of one task, of 64 tasks (own prompts and adapters each), and of 64 out of a thousand that
// are resident; then what a task takes, in memory and to move in.
//     tasks [--repeats N] [--tokens T] [--threads N]
#include "support/backends.hpp"
#include "support/machine.hpp"
#include "support/measure.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/tasks/score_texts.hpp>
#include <reckon/train/initialise.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <deque>
#include <vector>

using namespace reckon;

namespace {

constexpr idx texts = 64, resident = 1000;

std::vector<encoded_pair> texts_of(idx tokens) {
    std::vector<encoded_pair> all(texts);
    for (idx i = 0; i < texts; ++i) {
        const idx length = tokens / 2 + (i * 37) % (tokens + 1);
        for (idx k = 0; k < length; ++k)
            all[i].ids.push_back(k == 0 ? 101
                                 : k + 1 == length
                                     ? 102
                                     : std::int32_t(1000 + philox{i}.below(k, 29000)));
    }
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    idx repeats = 15, tokens = 44, threads = 1;
    CLI::App app{"Texts of one task beside texts of many."};
    app.add_option("--repeats", repeats);
    app.add_option("--tokens", tokens, "of a text, on average");
    app.add_option("--threads", threads);
    CLI11_PARSE(app, argc, argv);
    machine::cores().pin(threads);

    bert::model<> raw{bert::minilm};
    initialise(raw, 1, {{"*gain", ones{}}, {"*bias", normal{.02f}}, {"*", normal{.05f}}});
    context<cpu> ctx{bench::options(threads)};
    const auto model = prepare(ctx, raw);
    std::deque<task> tasks;
    for (idx i = 0; i < resident; ++i) {
        tasks.push_back(task{tuning_method::option_adapter,
                             sizes_of_task(raw),
                             {.prompts = 20, .rank = 32},
                             {"no", "yes"},
                             {101, 102}});
        initialise(tasks.back(), i, {{"*gate", ones{}}, {"*", normal{.05f}}});
    }
    const double begun = machine::wall_seconds();
    resident_tasks residents{model, resident, 22};
    for (idx i = 0; i < resident; ++i) residents.move_in(ctx, i, tasks[i]);
    const double moved = (machine::wall_seconds() - begun) / double(resident);

    const auto all = texts_of(tokens);
    idx rows = 0;
    for (const auto& t : all) rows += t.ids.size();
    const auto asked = [&](auto slot_of) {
        std::vector<asked_text> list;
        for (idx i = 0; i < texts; ++i) list.push_back({&all[i], slot_of(i)});
        return list;
    };
    const auto one = asked([](idx) { return idx{0}; }), many = asked([](idx i) { return i; }),
               spread = asked([](idx i) { return i * 619 % resident; });
    const score_options whole{.tokens = rows};
    const auto run = [&](const std::vector<asked_text>& list) {
        return [&] { score(ctx, residents, std::span<const asked_text>{list}, whole); };
    };
    const auto times =
        bench::race({run(one), run(many), run(spread)}, repeats, machine::wall_seconds);
    std::printf("CPU %s, instruction set %s, %zu thread(s), 64 texts of %zu tokens in all\n\n",
                machine::cpu_name().c_str(), name_of(bench::instruction_set()), threads, rows);
    std::printf("| texts of | ms, median (min..max) | beside one task |\n|---|---|---|\n");
    const char* const names[] = {"one task", "64 tasks", "64 of 1000 tasks"};
    for (idx i = 0; i < 3; ++i)
        std::printf("| %s | %.1f (%.1f..%.1f) | %.3f |\n", names[i], 1e3 * times[i].median,
                    1e3 * times[i].least, 1e3 * times[i].most, times[i].median / times[0].median);
    const idx each = count(tasks[0]).bytes + residents.bytes() / resident;
    std::printf("\nA task takes %.2f MB (%zu of them %.0f MB), and %.2f ms to move in.\n",
                double(each) / 1e6, resident, double(each * resident) / 1e6, 1e3 * moved);
}
