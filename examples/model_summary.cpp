// What a checkpoint holds: its modules, the shapes of their parameters, how many and how large.
#include "program.hpp"

#include <reckon/models/bert.hpp>
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

}  // namespace

int main(int argc, char** argv) {
    std::string model, weights;
    program p{"model_summary", "A table of a model's modules and parameters."};
    p.text("--model", model, "a BERT encoder's folder, or: sasrec");
    p.text_or("--weights", weights, "the checkpoint of sasrec, a safetensors file");
    return p.run(argc, argv, [&](auto&) {
        if (model == "sasrec")
            print(reckon::sasrec::load(weights, 1));  // heads leave no trace in the parameters
        else if (weights.empty())
            print(reckon::bert::load(model));
        else

            throw reckon::load_error("usage", "--weights", "none beside a folder", weights);
    });
}
