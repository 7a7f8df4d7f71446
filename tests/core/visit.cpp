#include <catch2/catch.hpp>
#include <reckon/core/matrix.hpp>
#include <reckon/core/visit.hpp>
#include <string>
#include <vector>

using namespace reckon;

namespace {

struct leaf {
    matrix<float> weight{2, 3}, bias{1, 2};
    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};

template <class Inner> struct wrapper {
    Inner base;
    matrix<float> delta{1, 1};
    static constexpr void visit(auto&& f, auto&... self) {
        f(inlined, self.base...);
        f("delta", self.delta...);
    }
};

struct tree {
    leaf first;
    heap_array<leaf> layers;
    wrapper<leaf> last;
    explicit tree(idx count) : layers(count) {}
    static constexpr void visit(auto&& f, auto&... self) {
        f("first", self.first...);
        f("layers", self.layers...);
        f("last", self.last...);
    }
};

template <class M> std::vector<std::string> names_of(const M& model) {
    std::vector<std::string> names;
    walk_all([&](const path& at, const parameter auto&) { names.emplace_back(at.text().view()); },
             model);
    return names;
}

}  // namespace

TEST_CASE("a walk names every parameter by its way from the root") {
    CHECK(names_of(tree{2}) == std::vector<std::string>{"first.weight", "first.bias",
                                                        "layers.0.weight", "layers.0.bias",
                                                        "layers.1.weight", "layers.1.bias",
                                                        "last.weight", "last.bias", "last.delta"});
}

TEST_CASE("a wrapper leaves the names of what it wraps as they are") {
    auto names = names_of(wrapper<leaf>{});
    CHECK(names.back() == "delta");
    names.pop_back();
    CHECK(names == names_of(leaf{}));
}

TEST_CASE("a parameter in another representation is visited whole, or in its pieces") {
    const int8_matrix<> w(4, 3);
    const pruned_matrix<matrix<float>> pruned(4, 3);
    const pruned_matrix<int8_matrix<>> both(4, 3);
    CHECK(names_of(w) == std::vector<std::string>{""});
    std::vector<std::string> pieces;
    const auto note = [&]<class T>(const path& at, const matrix<T>&) {
        pieces.emplace_back(at.text().view());
    };
    walk_all(note, w);
    walk_all(note, pruned);
    walk_all(note, both);
    CHECK(pieces ==
          std::vector<std::string>{"values", "scales", "", "kept", "values", "scales", "kept"});
}

TEST_CASE("structs of one shape are walked in step, whatever their types") {
    const tree from{1};
    tree to{1};
    leaf sums;
    const_cast<float*>(from.layers[0].weight.data())[4] = 2;
    walk_all([](const path&, const matrix<float>& a, matrix<float>& b) { b = a; }, from, to);
    CHECK(to.layers[0].weight.data()[4] == 2);

    walk_all(
        [](const path&, const matrix<float>& a, const matrix<float>& b, matrix<float>& c) {
            for (idx i = 0; i < a.size(); ++i) c.data()[i] = a.data()[i] + b.data()[i];
        },
        from.layers[0], to.layers[0], sums);
    CHECK(sums.weight.data()[4] == 4);
}

TEST_CASE("lists of different lengths are refused") {
    const tree from{2};
    tree to{3};
    CHECK_THROWS_WITH(walk_all([](const path&, const matrix<float>&, matrix<float>&) {}, from, to),
                      "walk: a list's length: expected 2, got 3");
}

TEST_CASE("count adds up what is stored") {
    const auto sum = count(tree{2});
    CHECK(sum.parameters == 4 * 8 + 1);
    CHECK(sum.bytes == 4 * sum.parameters);
    CHECK(count(int8_matrix<>(4, 3)).parameters == 12);
    CHECK(count(int8_matrix<>(4, 3)).bytes == 12 + 4 * 4);
    CHECK(count(pruned_matrix<matrix<bf16>>(4, 3)).bytes == 2 * 12 + 12);
}

TEST_CASE("a path that is longer than its text is cut") {
    const path root;
    const path a = root / "layers", b = a / idx{12}, c = b / "weight";
    CHECK(c.text().view() == "layers.12.weight");
    CHECK(c.text<8>().view() == "layer...");
    CHECK(root.text().view().empty());
}
