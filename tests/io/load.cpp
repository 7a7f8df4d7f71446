#include <reckon/io/load.hpp>
#include <reckon/io/save.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <utility>

using namespace reckon;

namespace {

struct toy_linear {
    matrix<float> weight, bias;
    toy_linear(idx out, idx in) : weight(out, in), bias(1, out) {}
    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};

struct toy_model {
    heap_array<toy_linear> layers{2, toy_linear{2, 3}};
    matrix<bf16> table{4, 2};
    static constexpr void visit(auto&& f, auto&... self) {
        f("layers", self.layers...);
        f("table", self.table...);
    }
};

/// Another program's names, with a tensor of no use.
struct foreign_names {
    std::string of(std::string_view path) const {
        return path == "table" ? "embed.weight" : "model." + std::string{path};
    }
    bool ignored(std::string_view name) const { return name == "steps"; }
};

toy_model filled() {
    toy_model model;
    float next = 1.0f;
    walk_all(
        [&]<class T>(const path&, matrix<T>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = T(next++);
        },
        model);
    return model;
}

std::vector<float> numbers_of(const toy_model& model) {
    std::vector<float> all;
    walk_all(
        [&](const path&, const parameter auto& p) {
            for (idx i = 0; i < p.size(); ++i) all.push_back(float(p.data()[i]));
        },
        model);
    return all;
}

const std::vector<float> numbers(24, 7.0f);

/// The toy's checkpoint in foreign names; `change` spoils it.
template <class Change> std::string loading_foreign(toy_model& model, Change change) {
    std::vector<stored_tensor> tensors;
    const auto add = [&](const char* name, std::vector<idx> shape, idx count) {
        tensors.push_back(store(name, std::move(shape), std::span{numbers}.first(count)));
    };
    add("model.layers.0.weight", {2, 3}, 6);
    add("model.layers.0.bias", {2}, 2);
    add("model.layers.1.weight", {2, 3}, 6);
    add("model.layers.1.bias", {1, 2}, 2);
    add("embed.weight", {4, 2}, 8);
    add("steps", {}, 1);
    change(tensors);
    const temporary_folder folder;
    write_safetensors(folder.file("x"), tensors);
    const std::string text = read_text(folder.file("x"));
    const auto file = safetensors::view_of(std::as_bytes(std::span{text}), "F");
    try {
        load_parameters(model, file, foreign_names{});
    } catch (const load_error& error) {
        return error.what();
    }
    return "loaded";
}

}  // namespace

TEST_CASE("a saved model loads into another of its shape") {
    const temporary_folder folder;
    const toy_model model = filled();
    save_parameters(model, folder.file("x"), own_names{}, {{"made by", "test"}});
    toy_model other;
    const auto file = safetensors::open(folder.file("x"));
    load_parameters(other, file);
    CHECK(numbers_of(other) == numbers_of(model));
    CHECK(file.metadata() == text_map{{"made by", "test"}});
    CHECK(file.at("layers.1.bias").shape == std::vector<idx>{2});
    CHECK(file.at("layers.1.weight").shape == std::vector<idx>{2, 3});
    CHECK(file.at("table").type == "BF16");
}

TEST_CASE("a checkpoint in another program's names, shapes and types loads") {
    toy_model model;
    CHECK(loading_foreign(model, [](auto&) {}) == "loaded");
    CHECK(numbers_of(model) == std::vector<float>(24, 7.0f));
}

TEST_CASE("a model is saved in another program's names") {
    const temporary_folder folder;
    save_parameters(filled(), folder.file("x"), foreign_names{});
    const auto file = safetensors::open(folder.file("x"));
    CHECK(file.tensors().size() == 5);
    CHECK(values<bf16>(file.at("embed.weight"))[0] == filled().table.data()[0]);
    CHECK(values<float>(file.at("model.layers.1.bias"))[0] == 15.0f);
}

TEST_CASE("everything missing, surplus and misshapen is listed in one error") {
    toy_model model = filled();
    const auto before = numbers_of(model);
    const std::vector<std::int64_t> ids(8);
    const std::string message = loading_foreign(model, [&](auto& tensors) {
        tensors[0] = store("model.layers.0.weight", {3, 2}, std::span{numbers}.first(6));
        tensors[1].name = "model.layers.0.bais";
        tensors[2] = store("model.layers.1.weight", {1, 2, 3}, std::span{numbers}.first(6));
        tensors[3] = store("model.layers.1.bias", {2, 1}, std::span{numbers}.first(2));
        tensors[4] = store("embed.weight", {4, 2}, std::span{ids});
    });
    CHECK(message ==
          "load: F: expected exactly the model's parameters, got "
          "\n  misshapen \"model.layers.0.weight\": expected F32 [2, 3] of parameter "
          "layers.0.weight, got F32 [3, 2]"
          "\n  missing \"model.layers.0.bias\": F32 [1, 2] of parameter layers.0.bias"
          "\n  misshapen \"model.layers.1.weight\": expected F32 [2, 3] of parameter "
          "layers.1.weight, got F32 [1, 2, 3]"
          "\n  misshapen \"model.layers.1.bias\": expected F32 [1, 2] of parameter "
          "layers.1.bias, got F32 [2, 1]"
          "\n  misshapen \"embed.weight\": expected BF16 [4, 2] of parameter table, got "
          "I64 [4, 2]"
          "\n  surplus \"model.layers.0.bais\": F32 [2]");
    CHECK(numbers_of(model) == before);
}

TEST_CASE("a checkpoint with one fault changes nothing in the model") {
    toy_model model = filled();
    const auto before = numbers_of(model);
    CHECK(loading_foreign(model, [](auto& tensors) { tensors.pop_back(); }) == "loaded");
    model = filled();
    CHECK(loading_foreign(model, [](auto& tensors) { tensors[4].name = "steps2"; }) != "loaded");
    CHECK(numbers_of(model) == before);
}

TEST_CASE("what the names ignore is not ignored where the model needs it") {
    struct ignoring : own_names {
        bool ignored(std::string_view) const { return true; }
    };
    const temporary_folder folder;
    save_parameters(filled(), folder.file("x"));
    toy_model model;
    load_parameters(model, safetensors::open(folder.file("x")), ignoring{});
    CHECK(numbers_of(model) == numbers_of(filled()));
    write_safetensors(folder.file("none"), {});
    CHECK_THROWS_AS(load_parameters(model, safetensors::open(folder.file("none")), ignoring{}),
                    load_error);
}

namespace {
struct toy_pruned {
    pruned_matrix<matrix<float>> weight{2, 3};
    static constexpr void visit(auto&& f, auto&... self) { f("weight", self.weight...); }
};
}  // namespace

TEST_CASE("a checkpoint from before the pruning loads into a pruned model and leaves its mask") {
    const temporary_folder folder;
    write_safetensors(folder.file("dense"),
                      std::vector{store("weight", {2, 3}, std::span{numbers}.first(6))});
    toy_pruned pruned;
    pruned.weight.kept.data()[4] = 0;
    load_parameters(pruned, safetensors::open(folder.file("dense")));
    CHECK(pruned.weight.inner.data()[5] == 7.0f);
    CHECK(pruned.weight.kept.data()[4] == 0);

    save_parameters(pruned, folder.file("pruned"));
    toy_pruned again;
    load_parameters(again, safetensors::open(folder.file("pruned")));
    CHECK(again.weight.kept.data()[4] == 0);
    CHECK(again.weight.kept.data()[5] == 1);
}

namespace {

struct toy_int8 {
    int8_matrix<> weight{2, 3};
    matrix<float> bias{1, 2};
    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};
struct toy_float {
    matrix<float> weight{2, 3}, bias{1, 2};
    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};

/// A checkpoint of the toy; `change` spoils it before it is loaded.
struct int8_file {
    std::vector<std::int8_t> bytes{1, -127, 0, 5, 127, -3};
    std::vector<float> scales{0.5f, 0.25f}, bias{1, 2}, floats{1, 2, 3, 4, 5, 6};

    std::vector<stored_tensor> tensors() const {
        return {store("weight", {2, 3}, std::span{bytes}),
                store("weight_scale", {2}, std::span{scales}), store("bias", {2}, std::span{bias})};
    }
};

template <class Model>
std::string loading(Model& model, const std::vector<stored_tensor>& tensors) {
    const temporary_folder folder;
    write_safetensors(folder.file("x"), tensors);
    const std::string text = read_text(folder.file("x"));
    try {
        load_parameters(model, safetensors::view_of(std::as_bytes(std::span{text}), "F"));
    } catch (const load_error& error) {
        return error.what();
    }
    return "loaded";
}

}  // namespace

TEST_CASE("int8 rows are saved as their values and the scales of their rows, and load again") {
    const int8_file made;
    toy_int8 model;
    CHECK(loading(model, made.tensors()) == "loaded");
    CHECK(std::as_const(model).weight.look()(0, 1) == -127 * 0.5f);
    CHECK(std::as_const(model).weight.look()(1, 1) == 127 * 0.25f);

    const temporary_folder folder;
    save_parameters(model, folder.file("x"));
    const auto file = safetensors::open(folder.file("x"));
    CHECK(described(file.at("weight")) == "I8 [2, 3]");
    CHECK(described(file.at("weight_scale")) == "F32 [2]");
    CHECK(file.tensors().size() == 3);
    toy_int8 again;
    load_parameters(again, file);
    for (idx i = 0; i < 6; ++i) CHECK(again.weight.values.data()[i] == made.bytes[i]);
    for (idx i = 0; i < 2; ++i) CHECK(again.weight.scales.data()[i] == made.scales[i]);
}

TEST_CASE("the names of int8 rows are those of another program's weight") {
    toy_int8 model;
    const auto path = [](std::string_view name) { return "model." + std::string{name}; };
    std::vector<std::string> seen;
    walk_named(model, foreign_names{},
               [&](const std::string& name, std::string_view, auto&) { seen.push_back(name); });
    CHECK(seen == std::vector{path("weight"), path("weight_scale"), path("bias")});
}

TEST_CASE("float weights are no int8 weights, nor the other way round, and it is said what helps") {
    const int8_file made;
    toy_int8 small;
    auto tensors = made.tensors();
    tensors[0] = store("weight", {2, 3}, std::span{made.floats});
    tensors.erase(tensors.begin() + 1);
    CHECK(loading(small, tensors) ==
          "load: F: expected exactly the model's parameters, got "
          "\n  misshapen \"weight\": expected I8 [2, 3] of parameter weight, got F32 [2, 3]"
          "\n  missing \"weight_scale\": F32 [1, 2] of parameter weight_scale"
          "\n  (float weights: load them into the float model, quantise(model) makes it int8)");
    toy_float large;
    CHECK(loading(large, made.tensors()) ==
          "load: F: expected exactly the model's parameters, got "
          "\n  misshapen \"weight\": expected F32 [2, 3] of parameter weight, got I8 [2, 3]"
          "\n  surplus \"weight_scale\": F32 [2]"
          "\n  (int8 weights: load them into the model of quantised<its spec>)");
}

TEST_CASE("int8 rows without a sound scale each are refused, and the model stays as it was") {
    int8_file made;
    toy_int8 model;
    auto tensors = made.tensors();
    tensors[1] = store("weight_scale", {3}, std::span{made.floats}.first(3));
    CHECK_THAT(loading(model, tensors),
               Catch::Contains("misshapen \"weight_scale\": expected F32 [1, 2]"));
    tensors[1] = store("weight_scale", {2}, std::span{made.bytes}.first(2));
    CHECK_THAT(loading(model, tensors), Catch::Contains("got I8 [2]"));

    const float bad = GENERATE(0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity());
    made.scales[1] = bad;
    CHECK_THAT(
        loading(model, made.tensors()),
        Catch::StartsWith("load: F: \"weight_scale\", row 1: expected a finite scale above 0"));
    CHECK(model.bias.data()[1] == 0);
}

TEST_CASE("an int8 weight of -128, which kernels do not expect, is refused with its row") {
    int8_file made;
    made.bytes[4] = -128;
    toy_int8 model;
    CHECK(loading(model, made.tensors()) ==
          "load: F: \"weight\", row 1: expected values within -127 and 127, got -128");
    CHECK(model.weight.values.data()[1] == 0);
}

TEST_CASE("only trained parameters in host memory can be loaded") {
    STATIC_REQUIRE(trained_parameter<matrix<float>>);
    STATIC_REQUIRE(trained_parameter<matrix<bf16>>);
    STATIC_REQUIRE_FALSE(trained_parameter<matrix<float, rom>>);
    STATIC_REQUIRE_FALSE(trained_parameter<int8_matrix<>>);
}
