// The table of ops x backends in docs/backends.md is what the types say. When it is not, the
// failing test prints the block to put there.
#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <reckon/cpu.hpp>
#include <reckon/ops/kernel_table.hpp>

#include <fstream>
#include <iterator>
#include <string>

namespace {

using namespace reckon;

struct nothing_of_its_own : cpu_reference {
    using next = cpu_reference;
    template <class N> using over = nothing;
};

#if defined(RECKON_WITH_EIGEN) && defined(RECKON_WITH_ONEDNN) && defined(RECKON_SIMD_COMPILED)
#define EVERY_BACKEND 1

std::string markdown_table() {
    using simd = cpu_simd<avx2>;  // which instruction set makes no difference
    std::string text =
        "\n| op | reference | eigen | simd | onednn on simd |\n|---|---|---|---|---|\n";
    for (idx op = 0; op < std::size(kernel_table<simd>); ++op) {
        text.append("| ").append(kernel_table<simd>[op].op);
        for (const char* backend :
             {kernel_table<cpu_reference>[op].backend, kernel_table<cpu_eigen<>>[op].backend,
              kernel_table<simd>[op].backend, kernel_table<cpu_onednn<simd>>[op].backend})
            text.append(" | ").append(backend);
        text.append(" |\n");
    }
    return text;
}
#endif

}  // namespace

TEST_CASE("the table of kernels in docs/backends.md is the one the types give") {
#ifdef EVERY_BACKEND
    std::ifstream file(test_support::source_folder() / "docs" / "backends.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "<!-- kernel table -->\n", end = "\n<!-- end -->";
    const auto from = page.find(begin);
    REQUIRE(from != page.npos);
    const auto to = page.find(end, from);
    REQUIRE(to != page.npos);
    CHECK(page.substr(from + begin.size(), to - from - begin.size()) == markdown_table());
#else
    test_support::skip("the table of kernels", "this build lacks a backend");
#endif
}

TEST_CASE("a backend without kernels of its own is served by what lies below it") {
    for (idx op = 0; op < std::size(kernel_table<cpu_reference>); ++op)
        CHECK(std::string{kernel_table<nothing_of_its_own>[op].backend} ==
              kernel_table<cpu_reference>[op].backend);
}
