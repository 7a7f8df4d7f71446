// A backend by its name, for programs that choose theirs when they start: simd (or cpu, its other
// name), onednn, eigen, reference and, in files that nvcc compiles, cuda; as far as their
// components are linked.
//     reckon::with_backend("simd", [&]<class Tag>() {
//         reckon::context<Tag> ctx{{.threads = 2}};
//         ...
//     });
#pragma once

#include <reckon/backend/best_isa.hpp>
#include <reckon/core/error.hpp>
#include <reckon/cpu.hpp>
#ifdef RECKON_WITH_CUDA
#include <reckon/cuda.cuh>
#endif

#include <string_view>
#include <type_traits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Whether this build has SIMD kernels, and so `cpu`.
#if defined(RECKON_WITH_XSIMD) || defined(RECKON_SIMD_COMPILED)
inline constexpr bool has_simd = simd::usable<any_isa>;
#else
inline constexpr bool has_simd = false;
#endif
/// `cpu`, or the reference where there are none: what stands at the bottom of stacks by name.
using simd_or_reference = std::conditional_t<has_simd, cpu, cpu_reference>;

namespace detail {
/// f<Tag>(name), where this build has the tag's kernels.
template <class Tag, class F> constexpr void if_complete(const F& f, std::string_view name) {
    if constexpr (complete_tag<Tag>) f.template operator()<Tag>(name);
}
}  // namespace detail

/// f<Tag>(name) for every CPU backend of this build: the default first, the reference last.
template <class F> constexpr void for_each_backend(const F& f) {
    if constexpr (has_simd) detail::if_complete<simd_or_reference>(f, "simd");
    detail::if_complete<cpu_onednn<simd_or_reference>>(f, "onednn");
    detail::if_complete<cpu_eigen<>>(f, "eigen");
    f.template operator()<cpu_reference>("reference");
}

/// Their names, as a sentence lists them: `simd, onednn, eigen, reference`.
constexpr error_text backend_names() {
    error_text names;
    const auto add = [&](std::string_view name) {
        if (!names.view().empty()) names.append(", ");
        names.append(name);
    };
    for_each_backend([&]<class>(std::string_view name) { add(name); });
    if (complete_tag<gpu_cuda<>>) add("cuda");
    return names;
}
/// What a program takes that is told nothing.
constexpr std::string_view default_backend() {
    std::string_view first;
    for_each_backend([&]<class>(std::string_view name) { first = first.empty() ? name : first; });
    return first;
}

/// f<Tag>() for the backend of that name; another name is an error that lists those there are.
template <class F> void with_backend(std::string_view name, const F& f) {
    bool found = false;
    const auto offer = [&]<class Tag>(std::string_view own) {
        if (own != name && !(own == "simd" && name == "cpu")) return;
        found = true;
        f.template operator()<Tag>();
    };
    for_each_backend(offer);
    detail::if_complete<gpu_cuda<>>(offer, "cuda");
    if (!found) fail("backend", "name", backend_names(), name);
}

}}}  // namespace reckon::v0::RECKON_ISA
