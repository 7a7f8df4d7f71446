// reckon's side of suite.py: a model on one backend in a process of its own, which answers a line
// for each line of standard input, as peers/worker.py does.
//     worker --op encoder|knn --model DIR --backend NAME --weights f32|bf16|int8 --threads N
// The folder is a Hugging Face one, or holds the vectors `items` and `queries`. The lines:
//     run WAY SHAPE          an untimed pass, then a timed one: wall and processor milliseconds
//     write FILE WAY SHAPE   the output of a pass as raw numbers
//     memory                 the most KiB that were resident: now, and before the model was loaded
// SHAPE is the lengths of the texts, or the number of queries; WAY is `together` or `single`.
#include "support/encoders.hpp"
#include "support/machine.hpp"
#include "support/neighbours.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using namespace reckon;

namespace {

struct options {
    std::string op = "encoder", model, backend, weights = "f32";
    idx threads = 1;
};

/// A pass over all of a shape; its output goes to the stream, unless that is null.
using pass = std::function<void(std::ostream*)>;
/// What makes one of a way and a shape.
using passes = std::function<pass(const std::string&, const std::string&)>;

template <class T> void write(std::ostream& to, const std::vector<T>& numbers) {
    to.write(reinterpret_cast<const char*>(numbers.data()),
             std::streamsize(numbers.size() * sizeof(T)));
}

std::vector<idx> lengths_of(const std::string& shape) {
    std::vector<idx> lengths;
    std::istringstream words(shape);
    for (std::string word; std::getline(words, word, ',');) lengths.push_back(std::stoul(word));
    return lengths;
}

passes encoder_passes(const options& o) {
    auto model = bench::encoder_model(o.model);
    const bert::config size = model->size;
    const isa set = bench::instruction_set();
    auto made = bench::encoders(std::move(model), set, bench::chosen_backends({o.backend}, set),
                                {o.weights}, o.threads);
    return [=, encoder = std::move(made.front())](const std::string& way,
                                                  const std::string& shape) -> pass {
        const std::vector<idx> lengths = lengths_of(shape);
        const bench::texts texts(lengths, size.vocabulary);
        return [=](std::ostream* to) {
            const id_batch<> all = texts.look();
            std::vector<float> rows(to == nullptr ? 0 : all.sequences.rows() * size.width);
            float* out = to == nullptr ? nullptr : rows.data();
            if (way == "together") {
                encoder.forward(all, out);
            } else {
                for (idx s = 0; s < lengths.size(); ++s) {
                    const idx first = all.sequences.begin(s);
                    const std::int32_t offsets[] = {0, std::int32_t(lengths[s])};
                    encoder.forward(batch_of({all.ids.data + first, lengths[s]}, offsets),
                                    to == nullptr ? nullptr : out + first * size.width);
                }
            }
            if (to != nullptr) write(*to, rows);
        };
    };
}

passes search_passes(const options& o) {
    const isa set = bench::instruction_set();
    auto made = bench::searchers(bench::read_vectors(o.model), set,
                                 bench::chosen_backends({o.backend}, set), {o.weights}, o.threads);
    return
        [searcher = std::move(made.front())](const std::string&, const std::string& shape) -> pass {
            return [=, count = lengths_of(shape).front()](std::ostream* to) {
                std::vector<std::int32_t> items(count * bench::neighbours_wanted);
                searcher.search(count, items.data());
                if (to != nullptr) write(*to, items);
            };
        };
}

void serve(const options& o) {
    machine::cores().pin(o.threads);
    const long before = machine::peak_memory();
    const passes make = o.op == "knn" ? search_passes(o) : encoder_passes(o);
    std::map<std::string, pass> made;
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string word, file, way, shape;
        words >> word;
        if (word == "write") words >> file;
        words >> way >> shape;
        pass& run = made[way + ' ' + shape];
        if (word == "memory") {
            std::cout << machine::peak_memory() << ' ' << before << std::endl;
            continue;
        }
        if (!run) run = make(way, shape);
        if (word == "write") {
            std::ofstream to(file, std::ios::binary);
            run(&to);
            to.close();
            std::cout << "done" << std::endl;
        } else {
            run(nullptr);
            const double wall = machine::wall_seconds(), processor = machine::process_seconds();
            run(nullptr);
            std::cout << (machine::wall_seconds() - wall) * 1e3 << ' '
                      << (machine::process_seconds() - processor) * 1e3 << std::endl;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Answers suite.py: timed passes of a model on one backend", "worker"};
    options o;
    app.add_option("--op", o.op)->check(CLI::IsMember({"encoder", "knn"}));
    app.add_option("--model", o.model, "a folder")->required();
    app.add_option("--backend", o.backend)->required();
    app.add_option("--weights", o.weights);
    app.add_option("--threads", o.threads)->check(CLI::Range(1, 1024));
    try {
        app.parse(argc, argv);
        serve(o);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::cerr << "worker: " << e.what() << '\n';
        return 2;
    }
}
