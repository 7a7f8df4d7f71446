// What a checkpoint holds: its modules, the shapes of their parameters, how many and how large.
#include "program.hpp"

#include <reckon/convert/place.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/models/m6.hpp>
#include <reckon/models/sasrec.hpp>

#include <cstdio>

namespace {

using reckon::idx;

struct module_row {
    std::string name, shapes;
    reckon::totals size;
};

// Parameters of one module stand beside one another in the walk.
std::vector<module_row> modules_of(const auto& model) {
    std::vector<module_row> rows;
    reckon::walk_all(
        [&](const reckon::path& at, const reckon::parameter auto& p) {
            const auto text = at.text();
            const std::string name{text.view().substr(0, text.view().rfind('.'))};
            if (rows.empty() || rows.back().name != name) rows.push_back({name, "", {}});
            module_row& row = rows.back();
            if (!row.shapes.empty()) row.shapes += " + ";
            if (p.rows() != 1) row.shapes += std::to_string(p.rows()) + " x ";
            row.shapes += std::to_string(p.cols());
            row.size.parameters += p.size();
            row.size.bytes += p.bytes();
        },
        model);
    return rows;
}

void print(const auto& model) {
    const char* line = "%-26s  %-18s  %12s  %12s\n";
    std::printf(line, "module", "shapes", "parameters", "bytes");
    for (const auto& row : modules_of(model))
        std::printf(line, row.name.c_str(), row.shapes.c_str(),
                    std::to_string(row.size.parameters).c_str(),
                    std::to_string(row.size.bytes).c_str());
    const auto [parameters, bytes] = reckon::count(model);
    std::printf("total %zu %zu\n", parameters, bytes);
}

// The sizes of a preset; its parameters, which nobody published, take no memory.
void print_m6(const std::string& preset) {
    using namespace reckon;
    if (preset == "base")
        print(m6::model<placed_in<rom, m6::spec>>{m6::base});
    else if (preset == "edge")
        print(m6::model<placed_in<rom, m6::edge_spec>>{m6::edge});
    else
        throw load_error("usage", "--preset", "base or edge", in_quotes(preset));
}

void print_folder(const std::string& folder) {
    using namespace reckon;
    const std::string config = folder + "/config.json";
    const auto type = json_object::read(config).value_or<std::string>("model_type", "nothing");
    if (type == "bert")
        print(bert::load(folder));
    else if (type == "llama")
        print(llama::load(folder));
    else
        throw load_error("model_summary", config + ": \"model_type\"", "\"bert\" or \"llama\"",
                         in_quotes(type));
}

}  // namespace

int main(int argc, char** argv) {
    std::string model, weights, preset;
    program p{"model_summary", "A table of a model's modules and parameters."};
    p.text("--model", model, "a folder of a BERT encoder or a Llama decoder, or: sasrec, m6");
    p.text_or("--weights", weights, "the checkpoint of sasrec, a safetensors file");
    p.text_or("--preset", preset, "the sizes of m6: base or edge");
    return p.run(argc, argv, [&](auto&) {
        const auto refuse = [&](const char* flag, const char* where, const std::string& value) {
            if (!value.empty()) throw reckon::load_error("usage", flag, where, value);
        };
        if (model != "sasrec") refuse("--weights", "none but with --model sasrec", weights);
        if (model != "m6") refuse("--preset", "none but with --model m6", preset);
        if (model == "sasrec")
            print(reckon::sasrec::load(weights, 1));  // heads leave no trace in the parameters
        else if (model == "m6")
            print_m6(preset);
        else
            print_folder(model);
    });
}
