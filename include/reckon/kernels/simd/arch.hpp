// Which instruction set a context computes with. A tag that names one is it itself; `cpu` takes,
// when a context is made, the best that the CPU has of those this build has kernels for: all that
// reckon::simd compiles or, header-only, the widest that the file's own flags allow. An adapter
// asks once, `const auto arch = arch_of<Arch>(ctx)`, and hands it on, `call(arch, ..)`: a value
// with `set` and `lanes`, constants or not.
#pragma once

#include <reckon/backend/best_isa.hpp>
#include <reckon/backend/tags.hpp>
#include <reckon/core/error.hpp>
#include <reckon/kernels/simd/compiled.hpp>

#include <concepts>
#include <type_traits>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// One of these sets, known when the program runs.
template <class... Sets> struct one_of {
    isa set = isa::none;
    idx lanes = 0;

    void choose(isa one) { ((Sets::set == one ? void(*this = {one, Sets::lanes}) : void()), ...); }
};

template <class... Sets, class Call> void call(one_of<Sets...> arch, const Call& c) {
    ((Sets::set == arch.set ? call(Sets{}, c) : void()), ...);
}

/// The first of two extensions of avx512 that the CPU has, or the arch itself.
template <class First, class Second, class... Sets> auto extended(one_of<Sets...> arch) {
    one_of<First, Second, Sets...> own{arch.set, arch.lanes};
    if (arch.set != isa::avx512) return own;
    if (usable<First> && First::here())
        own.choose(First::set);
    else if (usable<Second> && Second::here())
        own.choose(Second::set);
    return own;
}
template <class First, class Second, class Arch> auto extended(Arch arch) {
    if constexpr (std::same_as<Arch, avx512> && (usable<First> || usable<Second>))
        return extended<First, Second>(one_of<avx512>{avx512::set, avx512::lanes});
    else
        return arch;
}

/// What any_isa is in this build.
using any_arch = std::conditional_t<
    linked, one_of<avx512, avx2, sse4_2>,
    std::conditional_t<native<avx512>, avx512,
                       std::conditional_t<native<avx2>, avx2,
                                          std::conditional_t<native<neon64>, neon64, sse4_2>>>>;
static_assert(any_isa::lanes >= avx512::lanes, "any_isa: has the lanes of the widest set");
template <> inline constexpr bool usable<any_isa> = linked || native<sse4_2> || native<neon64>;

[[noreturn]] inline void refuse_cpu(const char* tag, const char* lacks) {
    error_text expected{"a CPU with "};
    expected.append(lacks);
    fail("context", tag, expected, "one without");
}

/// A context's, as a part of its state.
template <class Arch> struct arch_in_use {
    arch_in_use() {
        if (!Arch::here()) refuse_cpu("cpu_simd", Arch::name);
    }
};
template <> struct arch_in_use<any_isa> {
    any_arch arch{};

    arch_in_use() { take(arch, best_isa()); }
    void configure(const context_options& options) {
        if (!options.max_isa.empty()) take(arch, best_isa(options.max_isa));
    }

  private:
    template <class... Sets> static void take(one_of<Sets...>& own, isa best) {
        own.choose(best);
        if (own.set == isa::none) refuse_cpu("cpu", sse4_2::name);
    }
    template <class Arch> static void take(Arch, isa best) {
        if (!Arch::here()) refuse_cpu("cpu", Arch::name);
        expect_that(best >= Arch::set, "context", "max_isa", Arch::name, name_of(best));
    }
};

/// What packed weights remember of the set they were packed for; their layout follows its lanes.
template <class Arch> struct packed_for {
    static constexpr idx lanes = Arch::lanes;

    packed_for() = default;
    explicit packed_for(Arch) {}
    void expect(Arch) const {}
};
template <> struct packed_for<any_isa> {
    isa set = isa::none;
    idx lanes = 0;

    packed_for() = default;
    explicit packed_for(auto arch) : set(arch.set), lanes(arch.lanes) {}
    /// A product of a context that computes with another set would read them wrongly.
    void expect(auto arch) const {
        if (lanes == arch.lanes) return;
        error_text expected{"packed for "}, actual{"packed for "};
        expected.append(name_of(arch.set));
        actual.append(name_of(set));
        fail("linear", "weight", expected, actual);
    }
};

template <class Arch, class C> auto arch_of(C& ctx) {
    if constexpr (std::same_as<Arch, any_isa>)
        return static_cast<const arch_in_use<any_isa>&>(ctx.state()).arch;
    else
        return Arch{};
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
