#include <reckon/io/safetensors.hpp>

#include "raw_file.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace reckon;

namespace {

const std::string two_tensors = R"({"__metadata__":{"format":"pt","made by":"hand"},)"
                                R"("weight":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
                                R"("count":{"dtype":"I32","shape":[],"data_offsets":[0,4]}})";

std::string one_tensor(std::string_view type, std::string_view shape, std::size_t size) {
    return R"({"t":{"dtype":")" + std::string{type} + R"(","shape":)" + std::string{shape} +
           R"(,"data_offsets":[0,)" + std::to_string(size) + "]}}";
}

}  // namespace

TEST_CASE("a reader shows names, types, shapes, bytes and metadata as the header states them") {
    const bytes file = raw_file(two_tensors, 28);
    const auto read = safetensors::view_of(file);

    REQUIRE(read.tensors().size() == 2);
    CHECK(read.tensors()[0].name == "count");  // sorted, not in the file's order
    CHECK(read.tensors()[1].name == "weight");
    const stored_tensor& weight = read.at("weight");
    CHECK(weight.type == "F32");
    CHECK(weight.shape == std::vector<idx>{2, 3});
    CHECK(weight.bytes.size() == 24);
    CHECK(weight.bytes[0] == std::byte{4});
    CHECK(read.at("count").shape.empty());
    CHECK(read.metadata() == text_map{{"format", "pt"}, {"made by", "hand"}});
}

TEST_CASE("a reader copies no tensor") {
    const bytes file = raw_file(two_tensors, 28);
    const auto read = safetensors::view_of(file);
    CHECK(read.at("weight").bytes.data() == file.data() + file.size() - 24);
    CHECK(read.at("count").bytes.data() == file.data() + file.size() - 28);
}

TEST_CASE("a name that is not there is null, or an error that says so") {
    const bytes file = raw_file(two_tensors, 28);
    const auto read = safetensors::view_of(file, "some file");
    for (const char* absent : {"", "a", "weighs", "weight ", "zebra", "__metadata__"})
        CHECK(read.find(absent) == nullptr);
    CHECK(message_of([&] { read.at("zebra"); }) ==
          "safetensors: some file: \"zebra\": expected a tensor, got none of that name");
}

TEST_CASE("every type of the format is known with its size") {
    const std::pair<const char*, idx> types[] = {
        {"BOOL", 1},    {"U8", 1},          {"I8", 1},          {"F8_E4M3", 1}, {"F8_E5M2", 1},
        {"F8_E8M0", 1}, {"F8_E4M3FNUZ", 1}, {"F8_E5M2FNUZ", 1}, {"U16", 2},     {"I16", 2},
        {"F16", 2},     {"BF16", 2},        {"U32", 4},         {"I32", 4},     {"F32", 4},
        {"U64", 8},     {"I64", 8},         {"F64", 8},         {"C64", 8}};
    for (const auto& [type, size] : types) {
        const bytes file = raw_file(one_tensor(type, "[3]", 3 * size), 3 * size);
        CHECK(safetensors::view_of(file).at("t").type == type);
    }
}

TEST_CASE("a tensor without elements stands anywhere between two others") {
    const bytes file = raw_file(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                R"("b":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]},)"
                                R"("c":{"dtype":"F32","shape":[7,0],"data_offsets":[0,0]},)"
                                R"("d":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},)"
                                R"("e":{"dtype":"U8","shape":[0],"data_offsets":[3,3]}})",
                                3);
    const auto read = safetensors::view_of(file);
    CHECK(read.at("b").bytes.empty());
    CHECK(values<float>(read.at("c")).empty());
    CHECK(read.at("d").bytes.front() == std::byte{2});
}

TEST_CASE("a file without tensors is a file") {
    const bytes file = raw_file("{}", 0);
    CHECK(safetensors::view_of(file).tensors().empty());
}

TEST_CASE("spaces may pad the header, and escapes in names are undone") {
    const bytes file =
        raw_file(R"({"\u00e9\n\"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}     )", 1);
    CHECK(safetensors::view_of(file).tensors()[0].name == "\xc3\xa9\n\"");
}

TEST_CASE("a reader of a mapped file moves without its tensors moving") {
    const temporary_folder folder;
    auto first = safetensors::open(folder.file("x.safetensors", raw_file(two_tensors, 28)));
    const std::byte* address = first.at("weight").bytes.data();
    safetensors second = std::move(first);
    CHECK(second.at("weight").bytes.data() == address);
    CHECK(second.at("weight").bytes[0] == std::byte{4});
    CHECK(second.name() == folder.file("x.safetensors"));
}

TEST_CASE("threads share one reader and open the same file at once") {
    const temporary_folder folder;
    const std::string path = folder.file("x.safetensors", raw_file(two_tensors, 28));
    const auto shared = safetensors::open(path);
    std::vector<int> sums(4);
    std::vector<std::thread> threads;
    for (int& sum : sums)
        threads.emplace_back([&] {
            const auto own = safetensors::open(path);
            for (int round = 0; round < 100; ++round)
                for (const auto* reader : {&shared, &own})
                    for (std::byte b : reader->at("weight").bytes) sum += int(b);
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(sums == std::vector<int>(4, 200 * (4 + 27) * 24 / 2));
}

TEST_CASE("a checkpoint of another program reads", "[slow]") {
    const auto path = test_support::data("a checkpoint of another program reads",
                                         "iclrec/ICLRec-Beauty-1.safetensors");
    if (!path) return;
    const auto read = safetensors::open(path->string());
    CHECK(read.tensors().size() == 20);
    CHECK(read.metadata() == text_map{{"format", "pt"}});
    const stored_tensor& items = read.at("item_embeddings.weight");
    CHECK(items.shape == std::vector<idx>{12103, 64});
    const auto table = values<float>(items);
    CHECK(table.size() == 12103 * 64);
    for (float value : table) REQUIRE(std::abs(value) < 10.0f);
}
