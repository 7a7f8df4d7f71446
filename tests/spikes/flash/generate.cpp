// Turns a SASRec checkpoint into sources: the weights as one constant array in the order of the
// model's visit, its sizes, and a batch with the bits of the scores that the run-time model gives.
//     generate CHECKPOINT HEADS FOLDER   writes FOLDER/weights.hpp and FOLDER/weights.cpp
#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/sasrec/load.hpp>

#include <bit>
#include <cstdio>
#include <fstream>
#include <ios>
#include <stdexcept>
#include <vector>

using namespace reckon;

namespace {

std::vector<float> parameters_of(const sasrec::model<>& model) {
    std::vector<float> all;
    walk_all([&](const path&,
                 const matrix<float>& p) { all.insert(all.end(), p.data(), p.data() + p.size()); },
             model);
    return all;
}

template <class Numbers> void write_array(std::ostream& out, const Numbers& numbers) {
    idx column = 0;
    for (const auto number : numbers) out << number << (++column % 16 == 0 ? ",\n" : ",");
}

void write(const sasrec::model<>& model, const std::string& folder) {
    const sasrec::config& c = model.size;
    const auto parameters = parameters_of(model);

    // Users with one item, with some, and with as many as the model has positions.
    const std::int32_t offsets[]{0, 1, 6, std::int32_t(6 + c.positions)};
    std::vector<std::int32_t> ids;
    for (idx i = 0; i < 6 + c.positions; ++i)
        ids.push_back(1 + std::int32_t(philox{3}.below(i, std::uint32_t(c.items - 2))));
    context<cpu_reference, float, float> ctx;
    const auto scores = model.scores(ctx, batch_of(ids, offsets));
    std::vector<std::uint32_t> bits;
    for (idx i = 0; i < scores.size(); ++i)
        bits.push_back(std::bit_cast<std::uint32_t>(scores.data[i]));

    std::ofstream header(folder + "/weights.hpp"), source(folder + "/weights.cpp");
    header.exceptions(std::ios::failbit | std::ios::badbit);
    source.exceptions(std::ios::failbit | std::ios::badbit);
    header << "#pragma once\n#include <reckon/models/sasrec/config.hpp>\n#include <cstdint>\n"
           << "namespace flash {\n"
           << "inline constexpr reckon::sasrec::config size{.items = " << c.items
           << ", .positions = " << c.positions << ", .layers = " << c.layers
           << ", .heads = " << c.heads << ", .width = " << c.width << ", .hidden = " << c.hidden
           << "};\nextern const float weights[" << parameters.size() << "];\n"
           << "inline constexpr std::int32_t offsets[]{";
    write_array(header, offsets);
    header << "};\ninline constexpr std::int32_t ids[]{";
    write_array(header, ids);
    header << "};\nextern const std::uint32_t score_bits[" << bits.size() << "];\n}\n";

    source << "#include \"weights.hpp\"\nconst float flash::weights[" << parameters.size()
           << "]{\n";
    source << std::hexfloat;
    write_array(source, parameters);
    source << "};\nconst std::uint32_t flash::score_bits[" << bits.size() << "]{\n";
    write_array(source, bits);
    source << "};\n";
}

}  // namespace

int main(int count, char** arguments) try {
    if (count != 4) throw std::runtime_error("usage: generate CHECKPOINT HEADS FOLDER");
    write(sasrec::load(arguments[1], std::stoul(arguments[2])), arguments[3]);
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
}
