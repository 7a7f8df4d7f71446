// What a task's file keeps, and what is refused of one.
#include "support/scratch_folder.hpp"

#include <reckon/models/bert.hpp>
#include <reckon/tuning/delta_file.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace reckon;

namespace {

constexpr task_sizes sizes{.width = 8, .blocks = 2, .query_width = 8, .value_width = 8};

task numbered(tuning_method how) {
    task t{how, sizes, {.prompts = 4, .rank = 2}, {"no", "yes", "may be"}, {1, 2}};
    float next = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = ++next;
        },
        t);
    return t;
}
std::vector<float> all_of(const task& t) {
    std::vector<float> all;
    walk_all([&](const path&,
                 const matrix<float>& p) { all.insert(all.end(), p.data(), p.data() + p.size()); },
             t);
    return all;
}

}  // namespace

TEST_CASE("a delta file gives the task again, whatever its method") {
    const std::string folder = test_support::scratch_folder("delta");
    for (idx m = 1; m < std::size(tuning_methods); ++m) {
        const auto how = tuning_method(m);
        CAPTURE(name_of(how));
        const task t = numbered(how);
        save_delta(t, {"clicks", "abc", t}, folder + "/t.safetensors");
        const delta_file file{folder + "/t.safetensors"};
        CHECK(file.name() == "clicks");
        CHECK(file.method() == how);
        const auto again = file.load(sizes, "abc");
        CHECK(all_of(again.own) == all_of(t));
        CHECK(again.own.options == t.options);
        CHECK(again.own.special_ids == t.special_ids);
        CHECK(again.own.size.prompts == t.size.prompts);
    }
}

TEST_CASE("a delta that does not fit is refused by name") {
    const std::string folder = test_support::scratch_folder("delta");
    const auto path = folder + "/t.safetensors";
    const auto saved = [&](const task& t) { save_delta(t, {"clicks", "abc", t}, path); };
    saved(numbered(tuning_method::option_adapter));
    CHECK_THROWS_WITH(delta_file{path}.load(sizes, "def"),
                      Catch::Contains("backbone: expected abc, got def"));
    auto narrow = sizes;
    narrow.width = 4;
    CHECK_THROWS_WITH(delta_file{path}.load(narrow, "abc"), Catch::Contains("misshapen"));
    auto shallow = sizes;
    shallow.blocks = 1;
    CHECK_THROWS_WITH(delta_file{path}.load(shallow, "abc"), Catch::Contains("surplus"));

    auto broken = numbered(tuning_method::option_adapter);
    broken.adapters[1].up.weight.data()[5] = std::numeric_limits<float>::quiet_NaN();
    saved(broken);
    CHECK_THROWS_WITH(delta_file{path}.load(sizes, "abc"),
                      Catch::Contains("adapters.1.up.weight") && Catch::Contains("NaN"));

    const auto with = [&](std::string_view key, const std::string& value) {
        const task t = numbered(tuning_method::option);
        text_map all{{"format", "reckon-delta-1"},
                     {"task", "a"},
                     {"backbone", "abc"},
                     {"method", "option"},
                     {"options", "a,b"},
                     {"prompts", "4"},
                     {"rank", "0"},
                     {"specials", "1,2"}};
        if (value.empty())
            all.erase(all.find(key));
        else
            all.find(key)->second = value;
        save_parameters(t, path, own_names{}, all);
        delta_file{path}.load(sizes, "abc");
    };
    CHECK_NOTHROW(with("task", "b"));
    CHECK_THROWS_WITH(with("format", "2"), Catch::Contains("reckon-delta-1"));
    CHECK_THROWS_WITH(with("method", ""), Catch::Contains("method"));
    CHECK_THROWS_WITH(with("method", "lroa"), Catch::Contains("lora"));
    CHECK_THROWS_WITH(with("prompts", "-1"), Catch::Contains("prompts"));
    CHECK_THROWS_WITH(with("prompts", "4000000000"), Catch::Contains("fit the model"));
    CHECK_THROWS_WITH(with("prompts", "1"), Catch::Contains("at least as many as options"));
    CHECK_THROWS_WITH(with("options", "a"), Catch::Contains("two or more"));
    CHECK_THROWS_WITH(with("specials", "1,x"), Catch::Contains("specials"));
    CHECK_THROWS_WITH(delta_file{folder + "/none"}, Catch::Contains("none"));
}

TEST_CASE("a digest knows names, shapes and values apart") {
    const bert::config size{
        .vocabulary = 6, .positions = 4, .layers = 1, .heads = 1, .width = 4, .hidden = 4};
    bert::model<> model{size};
    const auto before = digest_of(model);
    CHECK(digest_of(bert::model<>{size}) == before);
    model.norm.bias.data()[3] = 1;
    const auto changed = digest_of(model);
    CHECK(changed != before);
    model.norm.bias.data()[3] = 0;
    model.norm.bias.data()[2] = 1;
    CHECK(digest_of(model) != changed);
    auto other = size;
    other.positions = 5;
    CHECK(digest_of(bert::model<>{other}) != before);
}
