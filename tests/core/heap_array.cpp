#include <catch2/catch.hpp>
#include <cstdint>
#include <reckon/core/heap_array.hpp>
#include <set>

using namespace reckon;

namespace {

/// Notes what lives where, and throws where the test says so.
struct counted {
    static inline std::set<const counted*> living;
    static inline idx throw_at = ~idx{0};
    int value = 7;

    counted() { enter(); }
    counted(const counted& other) : value(other.value) { enter(); }
    ~counted() { CHECK(living.erase(this) == 1); }
    void enter() {
        if (living.size() == throw_at) throw 1;
        living.insert(this);
    }
};

}  // namespace

TEST_CASE("elements are value-initialised and aligned") {
    const heap_array<float> zeros(100);
    CHECK(zeros.size() == 100);
    for (const float z : zeros) REQUIRE(z == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(zeros.data()) % 64 == 0);
    CHECK(heap_array<float>{}.size() == 0);
    CHECK(heap_array<float>{}.begin() == heap_array<float>{}.end());
}

TEST_CASE("a copy is deep and a move leaves nothing behind") {
    heap_array<int> a(3, 5);
    heap_array<int> b = a;
    b[1] = 6;
    CHECK(a[1] == 5);
    CHECK(b[2] == 5);

    const int* where = b.data();
    heap_array<int> c = std::move(b);
    CHECK(c.data() == where);
    CHECK(b.size() == 0);

    a = c;
    CHECK(a[1] == 6);
    CHECK(a.data() != c.data());
    auto& same = a;
    a = same;
    CHECK(a[1] == 6);
}

TEST_CASE("every element that was made is destroyed once") {
    {
        heap_array<counted> one(4);
        CHECK(counted::living.size() == 4);
        heap_array<counted> other = one;
        CHECK(counted::living.size() == 8);
        other = heap_array<counted>(2);
        CHECK(counted::living.size() == 6);
    }
    CHECK(counted::living.size() == 0);
}

TEST_CASE("an element that throws takes the whole array with it") {
    counted::throw_at = 3;
    CHECK_THROWS_AS(heap_array<counted>(5), int);
    CHECK(counted::living.size() == 0);

    counted::throw_at = ~idx{0};
    heap_array<counted> kept(2);
    kept[0].value = 1;
    counted::throw_at = 5;  // the copy of five ends at its fourth
    CHECK_THROWS_AS((kept = heap_array<counted>(5)), int);
    counted::throw_at = ~idx{0};
    CHECK(kept.size() == 2);
    CHECK(kept[0].value == 1);
    CHECK(counted::living.size() == 2);
}
