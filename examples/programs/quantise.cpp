// A folder with a float model in, the same with int8 weights out: what embed_text and generate read
// as well. Everything else in the folder is copied.
#include "program.hpp"

#include <reckon/convert/quantise.hpp>
#include <reckon/io/checkpoint.hpp>
#include <reckon/io/save.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/tuning/digest.hpp>

#include <filesystem>

namespace {

namespace fs = std::filesystem;

/// Everything in the folder but its tensors.
void copy_rest(const fs::path& from, const fs::path& to) {
    for (const auto& entry : fs::directory_iterator{from}) {
        const std::string name = entry.path().filename().string();
        if (name.find(".safetensors") == name.npos)
            fs::copy(entry.path(), to / name,
                     fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }
}

template <class Model>
void write(const Model& model, const reckon::name_table& names, const fs::path& folder) {
    const auto small = reckon::quantise(model);
    reckon::save_parameters(small, (folder / "model.safetensors").string(), names,
                            {{"backbone", reckon::digest_of(model)}});
    std::cout << reckon::count(model).bytes << " bytes became " << reckon::count(small).bytes
              << '\n';
}

void quantise_folder(const std::string& from, const std::string& to) {
    using namespace reckon;
    if (fs::exists(to)) throw load_error("usage", "--output", "a new folder", in_quotes(to));
    const std::string config = from + "/config.json";
    const auto kind = json_object::read(config).required<std::string>("model_type");
    if (holds_int8(checkpoint::open(from)))
        throw load_error("usage", "--model", "F32, F16 or BF16 weights", "int8 ones");
    const auto save = [&](const auto& model, const name_table& names) {
        fs::create_directories(to);
        copy_rest(from, to);
        write(model, names, to);
    };
    if (kind == "bert")
        save(bert::load(from), {bert::names, bert::ignored});
    else if (kind == "llama")
        save(llama::load(from), {llama::names, llama::ignored});
    else
        throw load_error("quantise", key_of(config, "model_type"), "\"bert\" or \"llama\"",
                         in_quotes(kind));
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder, output;
    program p{"quantise", "Writes a model with int8 weights beside copies of its other files."};
    p.text("--model", folder, "a folder with config.json and model.safetensors, or its shards");
    p.text("--output", output, "the folder to write");
    return p.run(argc, argv, [&](auto&) { quantise_folder(folder, output); });
}
