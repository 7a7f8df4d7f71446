// Folders of several files, right and wrong.
#include <reckon/io/checkpoint.hpp>
#include <reckon/io/write_safetensors.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace reckon;

namespace {

const float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};

/// A folder with shards and an index.
struct sharded {
    temporary_folder place;
    std::string folder = std::filesystem::path{place.file("x")}.parent_path();

    /// Each name is a tensor of two numbers, the first of which is its letter's place.
    void shard(const std::string& file, const std::vector<std::string>& names) const {
        std::vector<stored_tensor> tensors;
        for (const auto& name : names)
            tensors.push_back(store(name, {2}, std::span{numbers}.subspan(idx(name[0] - 'a'), 2)));
        write_safetensors(place.file(file), tensors);
    }
    void index(const std::string& text) const {
        std::ofstream{place.file("model.safetensors.index.json")} << text;
    }
    void map(const std::map<std::string, std::string>& places) const {
        std::string list;
        for (const auto& [tensor, file] : places)
            list += (list.empty() ? "" : ",") + json_string(tensor) + ':' + json_string(file);
        index(R"({"metadata": {"total_size": 0}, "weight_map": {)" + list + "}}");
    }
    std::string refusal() const {
        return message_of([&] { checkpoint::open(folder); });
    }
};

/// Two shards as they should be: a and c in the first, b in the second.
struct sound : sharded {
    sound() {
        shard("1.safetensors", {"c", "a"});
        shard("2.safetensors", {"b"});
        map({{"a", "1.safetensors"}, {"b", "2.safetensors"}, {"c", "1.safetensors"}});
    }
};

}  // namespace

TEST_CASE("the shards of an index are one list of tensors, sorted by name") {
    const sound files;
    const auto all = checkpoint::open(files.folder);
    CHECK(all.name() == files.folder + "/model.safetensors.index.json");
    REQUIRE(all.tensors().size() == 3);
    for (idx i = 0; i < 3; ++i) {
        const std::string name(1, char('a' + i));
        CHECK(all.tensors()[i].name == name);
        REQUIRE(all.find(name) == &all.tensors()[i]);
        CHECK(values<float>(*all.find(name))[0] == numbers[i]);
    }
    for (const char* none : {"", "aa", "bb", "d"}) CHECK(all.find(none) == nullptr);
}

TEST_CASE("a checkpoint can be moved while its tensors are in use") {
    const sound files;
    auto first = checkpoint::open(files.folder);
    const stored_tensor* b = first.find("b");
    const checkpoint second = std::move(first);
    CHECK(second.find("b") == b);
    CHECK(values<float>(*b)[1] == numbers[2]);
}

TEST_CASE("a whole file goes before an index") {
    const sound files;
    files.shard("model.safetensors", {"d"});
    const auto all = checkpoint::open(files.folder);
    CHECK(all.name() == files.folder + "/model.safetensors");
    CHECK(all.tensors().size() == 1);
    CHECK(all.find("d") != nullptr);
}

TEST_CASE("a folder without tensors is refused by the path of the file it lacks") {
    const temporary_folder empty;
    CHECK_THAT(message_of([&] { checkpoint::open(empty.file("none")); }),
               Catch::Contains("none/model.safetensors"));
}

TEST_CASE("a missing shard is refused by its path") {
    const sound files;
    std::filesystem::remove(files.place.file("2.safetensors"));
    CHECK_THAT(files.refusal(), Catch::Contains(files.place.file("2.safetensors")));
}

TEST_CASE("a shard cut anywhere is refused by its path") {
    const sound files;
    const auto path = files.place.file("1.safetensors");
    const auto size = std::filesystem::file_size(path);
    for (auto length = size; length-- > 0;) {
        std::filesystem::resize_file(path, length);
        REQUIRE_THAT(files.refusal(), Catch::Contains("1.safetensors"));
    }
}

TEST_CASE("a tensor that stands in another shard than the index says is refused by its name") {
    const sound files;
    files.map({{"a", "1.safetensors"}, {"b", "2.safetensors"}, {"c", "2.safetensors"}});
    CHECK_THAT(
        files.refusal(),
        Catch::Contains(R"(index.json: "c": expected a tensor of "2.safetensors", got none)"));
}

TEST_CASE("a tensor that no shard holds is refused by its name") {
    const sound files;
    files.map({{"a", "1.safetensors"},
               {"b", "2.safetensors"},
               {"c", "1.safetensors"},
               {"d", "2.safetensors"}});
    CHECK_THAT(files.refusal(), Catch::Contains(R"("d": expected a tensor of "2.safetensors")"));
}

TEST_CASE("a tensor that the index does not list is refused by its name") {
    const sound files;
    files.shard("2.safetensors", {"b", "d"});
    CHECK_THAT(files.refusal(), Catch::Contains(R"("d": expected a place in the index, got none)"));
}

TEST_CASE("a tensor that two shards hold is refused by its name") {
    const sound files;
    files.shard("2.safetensors", {"b", "a"});
    CHECK_THAT(files.refusal(), Catch::Contains(R"("a": expected one tensor, got one in each)"));
}

TEST_CASE("a shard that is not a file beside the index is refused before it is opened") {
    const std::string file = GENERATE("../1.safetensors", "/etc/passwd", "deep/1.safetensors", "");
    const sound files;
    files.map({{"a", file}, {"b", "2.safetensors"}, {"c", "1.safetensors"}});
    CHECK_THAT(files.refusal(),
               Catch::Contains(R"("a": expected a file beside the index, got ")" + file + '"'));
}

TEST_CASE("a shard that is a folder is refused by its path") {
    const std::string file = GENERATE(".", "..", "2.safetensors.d");
    const sound files;
    std::filesystem::create_directory(files.place.file("2.safetensors.d"));
    files.map({{"a", "1.safetensors"}, {"b", file}, {"c", "1.safetensors"}});
    CHECK_THAT(files.refusal(), Catch::Contains(files.folder + '/' + file));
}

TEST_CASE("an index that is none is refused") {
    const auto [text, says] = GENERATE(table<std::string, std::string>({
        {"", "expected JSON"},
        {"[]", "expected"},
        {"{}", R"("weight_map": expected a value, got nothing)"},
        {R"({"weight_map": null})", R"("weight_map": expected)"},
        {R"({"weight_map": ["1.safetensors"]})", R"("weight_map": expected an object)"},
        {R"({"weight_map": {"a": 1}})", R"("weight_map": "a": expected a string, got 1)"},
        {R"({"weight_map": {}})", R"("weight_map": expected tensors, got none)"},
    }));
    const sound files;
    files.index(text);
    CHECK_THAT(files.refusal(),
               Catch::Contains("model.safetensors.index.json") && Catch::Contains(says));
}
