#include <reckon/io/write_safetensors.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace reckon;

namespace {

const std::array<float, 6> numbers{0, 1, 2, 3, 4, 5};
const std::array<std::uint8_t, 3> small{7, 8, 9};
const std::array<double, 1> wide{0.1};

std::vector<stored_tensor> three() {
    return {store("z", {3}, std::span{small}), store("a", {2, 3}, std::span{numbers}),
            store("m", {}, std::span{wide})};
}

}  // namespace

TEST_CASE("what is written reads back the same") {
    const temporary_folder folder;
    const std::string path = folder.file("x.safetensors");
    const text_map metadata{{"format", "pt"}, {"\"quoted\"\n", "\xc3\xa9"}};
    write_safetensors(path, three(), metadata);

    const auto read = safetensors::open(path);
    CHECK(read.metadata() == metadata);
    REQUIRE(read.tensors().size() == 3);
    for (const stored_tensor& written : three()) {
        const stored_tensor& back = read.at(written.name);
        CHECK(back.type == written.type);
        CHECK(back.shape == written.shape);
        CHECK(std::equal(back.bytes.begin(), back.bytes.end(), written.bytes.begin(),
                         written.bytes.end()));
    }
    CHECK(folder.content() == std::vector<std::string>{"x.safetensors"});
}

TEST_CASE("a written file is the format's, byte for byte") {
    const temporary_folder folder;
    write_safetensors(folder.file("x"), three(), {{"k", "v"}});
    const std::string text = read_text(folder.file("x"));
    const std::string header =
        R"({"__metadata__":{"k":"v"},"m":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
        R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
        R"("z":{"dtype":"U8","shape":[3],"data_offsets":[32,35]}})";
    CHECK(text.substr(8, header.size()) == header);
    const std::size_t padded = (header.size() + 7) / 8 * 8;
    CHECK(text.substr(8 + header.size(), padded - header.size()) ==
          std::string(padded - header.size(), ' '));
    CHECK(std::uint8_t(text[0]) == padded);
    CHECK(text.size() == 8 + padded + 35);
    CHECK(text.substr(text.size() - 3) == "\x07\x08\x09");
}

TEST_CASE("every tensor of a written file is aligned to its elements") {
    const temporary_folder folder;
    for (const char* name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
        auto tensors = three();
        tensors[0].name = name + std::string{"'"};
        write_safetensors(folder.file("x"), tensors);
        const auto read = safetensors::open(folder.file("x"));
        CHECK(values<float>(read.at("a"))[5] == 5.0f);
        CHECK(values<double>(read.at("m"))[0] == 0.1);
    }
}

TEST_CASE("the order in which tensors are given leaves no trace") {
    const temporary_folder folder;
    auto tensors = three();
    write_safetensors(folder.file("x"), tensors);
    std::swap(tensors[0], tensors[2]);
    write_safetensors(folder.file("y"), tensors);
    CHECK(read_text(folder.file("x")) == read_text(folder.file("y")));
}

TEST_CASE("a file without tensors and tensors without elements are written") {
    const temporary_folder folder;
    write_safetensors(folder.file("none"), {});
    CHECK(safetensors::open(folder.file("none")).tensors().empty());
    const std::vector<stored_tensor> empty{store("e", {0, 5}, std::span<const float>{}),
                                           store("f", {5, 0}, std::span<const float>{}),
                                           store("z", {3}, std::span{small})};
    write_safetensors(folder.file("empty"), empty);
    CHECK(safetensors::open(folder.file("empty")).at("f").shape == std::vector<idx>{5, 0});
}

TEST_CASE("what the format cannot hold is refused before a file is touched") {
    const temporary_folder folder;
    const std::string path = folder.file("x");
    const auto refused = [&](auto change, const text_map& metadata = {}) {
        auto tensors = three();
        change(tensors);
        return message_of([&] { write_safetensors(path, tensors, metadata); });
    };
    CHECK(refused([](auto& t) { t[1].name = "m"; }) ==
          "safetensors: " + path + ": \"m\": expected one tensor, got two of that name");
    CHECK(refused([](auto& t) { t[1].name = "__metadata__"; }) ==
          "safetensors: " + path + ": expected names of tensors, got \"__metadata__\"");
    CHECK(refused([](auto& t) {
              t[1].shape = {2, 2};
          }) == "safetensors: " + path + ": \"a\": expected 16 bytes for F32 [2, 2], got 24");
    CHECK(refused([](auto& t) { t[1].type = "F31"; }) ==
          "safetensors: " + path + ": \"a\": expected a type of the format, got \"F31\"");
    CHECK(refused([](auto& t) { t[1].name = "\xff"; }).find("expected UTF-8") != std::string::npos);
    CHECK(refused([](auto&) {}, {{"k", "\xff"}}).find("expected UTF-8") != std::string::npos);
    CHECK(folder.content().empty());
}
