#include <reckon/io/load.hpp>
#include <reckon/io/save.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

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
    masked_matrix<matrix<float>> weight{2, 3};
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

TEST_CASE("only trained parameters in host memory can be loaded") {
    STATIC_REQUIRE(trained_parameter<matrix<float>>);
    STATIC_REQUIRE(trained_parameter<matrix<bf16>>);
    STATIC_REQUIRE_FALSE(trained_parameter<matrix<float, rom>>);
    STATIC_REQUIRE_FALSE(trained_parameter<int8_matrix<>>);
}
